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

type Code = Parameters<typeof helpers.consumeGrantSource>[2] & {
  readonly resource?: string | string[] | undefined
}

/**
 * Uses a code up, unless it is for another resource than the one that is asked for.
 *
 * @throws InvalidTarget that names the right one; everything else of the request was right
 */
async function consumeGrantSource(
  provider: Provider,
  koa: TokenEndpointGrantContext<{ resource?: string | string[] }>,
  code: Code,
  label: string,
): Promise<void> {
  const granted = [code.resource ?? []].flat()
  const asked = [koa.oidc.params.resource ?? []].flat()
  // A device code that was declined is for none.
  const isForAnother = granted.length > 0 && asked.some((one) => !granted.includes(one))
  if (!code.consumed && isForAnother) {
    throw new errors.InvalidTarget(
      `this ${label} is for ${granted.join(', ')}: ask for that resource, or for none`,
    )
  }
  await helpers.consumeGrantSource(provider, koa, code, label)
}
