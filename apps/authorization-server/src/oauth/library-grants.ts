import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import * as grants from 'oidc-provider/lib/actions/grants/index.js'
import * as helpers from 'oidc-provider/lib/helpers/grants.js'
import { validateProof } from './proof-check.ts'

const { authorization_code, client_credentials, device_code, refresh_token } = grants

/**
 * Registers the library's own grants again, as it does itself, with our check of the proof in place
 * of its own: it hands its grants what they call, and this is one of those.
 */
export function registerLibraryGrants(provider: Provider): void {
  const bound = Object.fromEntries(
    Object.entries({ ...helpers, validateDpop: validateProof }).map(([name, helper]) => [
      name,
      (helper as (...parameters: unknown[]) => unknown).bind(undefined, provider),
    ]),
  )
  const own = [authorization_code, client_credentials, device_code, refresh_token]
  for (const { handler, parameters, grantType } of own) {
    provider.registerGrantType(
      grantType,
      (koa: KoaContextWithOIDC) => handler(provider, bound, koa),
      [...parameters, 'resource', 'authorization_details'],
      ['resource'],
    )
  }
}
