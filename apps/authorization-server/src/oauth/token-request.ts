import type { Storage } from '@holdfast/storage'
import type Koa from 'koa'
import type { AppContext, RequestState } from '../context.ts'
import { readFormText } from '../http/form-body.ts'
import { HttpProblem } from '../http/problem.ts'
import { apiKeyTypes } from '../api-keys/exchange.ts'
import { apiKeyClientId } from './built-in-clients.ts'
import { grantTypes } from './grant-types.ts'
import type { KnownResource, ResourceDirectory } from './resource-directory.ts'
import { missingProof } from './resource-indicators.ts'
import { routes } from './routes.ts'
import { tokenAliasPath } from './token-alias.ts'

/**
 * Prepares a token request for the library: the alias of the endpoint, the canonical spelling of the
 * resource, and what the resource demands of the proof. That is known here before the library looks,
 * which would use up the code or refresh token first.
 */
export function completeTokenRequest(
  ctx: Pick<AppContext, 'storage' | 'config'>,
  directory: ResourceDirectory,
): Koa.Middleware<RequestState> {
  return async (koa, next) => {
    if (koa.path === tokenAliasPath && koa.method === 'POST') koa.path = routes.token
    if (koa.path !== routes.token || koa.method !== 'POST') return next()
    const isAuthenticated = koa.get('Authorization') !== ''
    const { text, form } = forgetOffline(nameClient(await readFormText(koa.req), isAuthenticated))
    const asked = form.getAll('resource')
    const hasProof = koa.get('DPoP') !== ''
    const known = await Promise.all(asked.map((uri) => directory.resolve(uri)))
    const meant =
      asked.length > 0
        ? known
        : (await mustKnowResource(ctx.storage, hasProof))
          ? [await resourceOfGrant(ctx.storage, directory, form)]
          : []
    if (!hasProof && meant.some((resource) => resource?.dpop === 'required')) {
      throw new HttpProblem(400, missingProof, { error: 'invalid_dpop_proof' })
    }
    koa.state.needsNonce =
      ctx.config.dpopNonce !== 'off' || meant.some((resource) => resource?.dpopNonce === true)
    // The library takes over a body that was read already, and parses it itself.
    const body = asked.length > 0 ? withCanonicalResource(text, form, asked, known) : text
    Object.assign(koa.req, { body: body === '' ? {} : body })
    return next()
  }
}

interface ReadForm {
  /** As it was sent, or as it is meant. */
  readonly text: string
  readonly form: URLSearchParams
}

/**
 * Leaves `offline_access` out of a refresh: whoever has a refresh token has it. Clients repeat the scopes that
 * they asked for, and this one is granted by a refresh token, not by its scope.
 */
function forgetOffline({ text, form }: ReadForm): ReadForm {
  const [scope = '', ...others] = form.getAll('scope')
  const names = scope.split(' ')
  const isRefresh = form.get('grant_type') === grantTypes.refreshToken
  if (!isRefresh || others.length > 0 || !names.includes(offlineAccess)) return { text, form }
  form.set('scope', names.filter((name) => name !== offlineAccess).join(' '))
  if (form.get('scope') === '') form.delete('scope')
  return { text: form.toString(), form }
}

const offlineAccess = 'offline_access'

/** An API key says who asks: its request needs no client, while the library wants one for each. */
function nameClient(text: string, isAuthenticated: boolean): ReadForm {
  const form = new URLSearchParams(text)
  const hasClient = ['client_id', 'client_assertion', 'client_secret'].some((name) =>
    form.has(name),
  )
  const presentsKey =
    form.get('grant_type') === grantTypes.tokenExchange &&
    apiKeyTypes.includes(form.get('subject_token_type') ?? '')
  if (isAuthenticated || hasClient || !presentsKey) return { text, form }
  form.set('client_id', apiKeyClientId)
  return { text: form.toString(), form }
}

/** Looking a code or token up costs a read: only when its resource could demand something more. */
const mustKnowResource = async ({ resources }: Storage, hasProof: boolean): Promise<boolean> =>
  !hasProof || (await resources.demandsNonce())

/** The models in which the library keeps what a grant is redeemed with, and the parameter of each. */
const sources: Readonly<Record<string, { readonly model: string; readonly parameter: string }>> = {
  [grantTypes.authorizationCode]: { model: 'AuthorizationCode', parameter: 'code' },
  [grantTypes.refreshToken]: { model: 'RefreshToken', parameter: 'refresh_token' },
  [grantTypes.deviceCode]: { model: 'DeviceCode', parameter: 'device_code' },
}

/** The resource of a request that leaves it to the code or refresh token. */
async function resourceOfGrant(
  storage: Storage,
  directory: ResourceDirectory,
  form: URLSearchParams,
): Promise<KnownResource | undefined> {
  const grantType = form.get('grant_type') ?? ''
  const source = Object.hasOwn(sources, grantType) ? sources[grantType] : undefined
  const value = source && form.get(source.parameter)
  if (!source || !value) return undefined
  const stored = await storage.oidcAdapter(source.model).find(value)
  const params = stored?.['params'] as { resource?: unknown } | undefined
  const resource: unknown = [stored?.['resource'] ?? params?.resource].flat()[0]
  return typeof resource === 'string' ? directory.resolve(resource) : undefined
}

function withCanonicalResource(
  text: string,
  form: URLSearchParams,
  asked: readonly string[],
  known: readonly (KnownResource | undefined)[],
): string {
  const canonical = known.map((resource, i) => resource?.resource ?? asked[i] ?? '')
  if (canonical.length === 1 && canonical[0] === asked[0]) return text
  form.delete('resource')
  for (const uri of new Set(canonical)) form.append('resource', uri)
  return form.toString()
}
