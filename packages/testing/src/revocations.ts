/** What can be revoked: everything of a user, a client or a grant, or one token by its `jti`. */
export interface Revocation {
  readonly kind: 'user' | 'client' | 'grant' | 'token'
  readonly value: string
}

/** The deny list of a test issuer. */
export interface Revocations {
  readonly add: (revocation: Revocation) => void
  readonly has: (revocation: Revocation) => boolean
  /** What the deny list endpoint answers. */
  readonly document: () => { readonly epoch: number; readonly entries: readonly object[] }
}

/** An empty deny list. */
export function createRevocations(): Revocations {
  const entries: (Revocation & { readonly expires_at: number })[] = []
  return {
    add: ({ kind, value }) => {
      entries.push({ kind, value, expires_at: Math.floor(Date.now() / 1000) + 3600 })
    },
    has: ({ kind, value }) => entries.some((entry) => entry.kind === kind && entry.value === value),
    document: () => ({ epoch: entries.length, entries }),
  }
}
