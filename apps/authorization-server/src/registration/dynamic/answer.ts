import type { Client, JsonObject } from '@holdfast/storage'

export interface AnswerParts {
  readonly client: Client
  readonly secret?: string | undefined
  readonly managementToken?: string | undefined
}

/**
 * What a client learns about itself. No member is null: several clients refuse that.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1}
 */
export function registrationAnswer(
  issuer: string,
  { client, secret, managementToken }: AnswerParts,
): JsonObject {
  return {
    client_id: client.clientId,
    client_id_issued_at: Math.floor(client.createdAtMs / 1000),
    ...client.metadata,
    ...(secret !== undefined && { client_secret: secret }),
    ...(client.hasSecret && { client_secret_expires_at: 0 }),
    ...(managementToken !== undefined && {
      registration_access_token: managementToken,
      registration_client_uri: `${issuer}${registrationPath}/${client.clientId}`,
    }),
  }
}

export const registrationPath = '/oauth2/register'
