import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { grantTypes } from './grant-types.ts'

const code = 'unauthorized_client'
const description = 'this client is not registered for this grant type (grant_types)'

/**
 * Answers a client that asks for a grant which it is not registered for with `unauthorized_client`. The
 * library says `invalid_request`, which tells the client to mend its request.
 * To be called before anything else listens to its refusals.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-5.2}
 */
export function nameUnregisteredGrants(provider: Provider): void {
  provider.on('grant.error', (koa, error) => {
    rename(koa, error, String(koa.oidc.params?.['grant_type']))
  })
  provider.on('device_authorization.error', (koa, error) => {
    rename(koa, error, grantTypes.deviceCode)
  })
}

const offered: ReadonlySet<string> = new Set(Object.values(grantTypes))

function rename(
  { oidc, body }: KoaContextWithOIDC,
  error: errors.OIDCProviderError,
  grantType: string,
): void {
  if (error.error !== 'invalid_request' || !offered.has(grantType)) return
  if (oidc.client?.grantTypeAllowed(grantType) !== false) return
  const refusal = { error: code, error_description: description }
  // What is recorded of the refusal is read from the error.
  Object.assign(error, refusal)
  if (typeof body === 'object' && body !== null) Object.assign(body, refusal)
}
