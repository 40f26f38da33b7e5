/** What oidc-provider hands over to be stored, structurally `AdapterPayload`. */
export type OidcPayload = Record<string, unknown>

/** The adapter contract of oidc-provider 9, with the return types narrowed to what we return. */
export interface OidcAdapter {
  upsert(id: string, payload: OidcPayload, expiresIn?: number): Promise<undefined>
  find(id: string): Promise<OidcPayload | undefined>
  findByUid(uid: string): Promise<OidcPayload | undefined>
  findByUserCode(userCode: string): Promise<OidcPayload | undefined>
  consume(id: string): Promise<undefined>
  destroy(id: string): Promise<undefined>
  revokeByGrantId(grantId: string): Promise<undefined>
}
