import {
  errors,
  type KoaContextWithOIDC,
  type Provider,
  type TokenEndpointGrantContext,
} from 'oidc-provider'
import * as grants from 'oidc-provider/lib/actions/grants/index.js'
import * as helpers from 'oidc-provider/lib/helpers/grants.js'
import { validateProof } from './proof-check.ts'

const { authorization_code, client_credentials, device_code, refresh_token } = grants

/**
 * Registers the library's own grants again, as it does itself, with our check of the proof in place
 * of its own, and one more before a code is used up: it hands its grants what they call, and these are
 * two of those.
 */
export function registerLibraryGrants(provider: Provider): void {
  const bound = Object.fromEntries(
    Object.entries({ ...helpers, validateDpop: validateProof, consumeGrantSource }).map(
      ([name, helper]) => [
        name,
        (helper as (...parameters: unknown[]) => unknown).bind(undefined, provider),
      ],
    ),
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

/** A code or refresh token, as far as it says what it may be exchanged for. */
interface GrantSource {
  readonly resource?: string | string[] | undefined
}

type TargetedContext = TokenEndpointGrantContext<{ resource?: string | string[] }>

/** Uses a code up, unless it is for another resource than the one that is asked for. */
async function consumeGrantSource(
  provider: Provider,
  koa: TargetedContext,
  code: Parameters<typeof helpers.consumeGrantSource>[2] & GrantSource,
  label: string,
): Promise<void> {
  if (!code.consumed) requireGrantedResource(koa, code, label)
  await helpers.consumeGrantSource(provider, koa, code, label)
}

/** Rotates each refresh token, unless it is for another resource than the one that is asked for. */
export function rotateRefreshToken(koa: KoaContextWithOIDC): true {
  requireGrantedResource(koa as TargetedContext, koa.oidc.entities.RefreshToken, 'refresh token')
  return true
}

/** @throws InvalidTarget that names the right one; everything else of the request was right */
function requireGrantedResource(
  { oidc }: TargetedContext,
  source: GrantSource | undefined,
  label: string,
): void {
  const granted = [source?.resource ?? []].flat()
  const asked = [oidc.params.resource ?? []].flat()
  // A device code that was declined is for none.
  if (granted.length === 0 || asked.every((one) => granted.includes(one))) return
  throw new errors.InvalidTarget(
    `this ${label} is for ${granted.join(', ')}: ask for that resource, or for none`,
  )
}
