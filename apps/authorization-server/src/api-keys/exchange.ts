import { hash } from 'node:crypto'
import { type ApiKey, StorageError } from '@holdfast/storage'
import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider'
import { findAccount, resolveRequestedResources } from 'oidc-provider/lib/helpers/grants.js'
import { recordEvent } from '../audit/recorder.ts'
import type { AppContext, RequestState } from '../context.ts'
import { dispatchPath, managementPath } from '../oauth/built-in-resources.ts'
import { grantTypes } from '../oauth/grant-types.ts'
import { issueToken } from '../oauth/issue-token.ts'
import { narrowScope } from '../oauth/narrow-scope.ts'
import { validateProof } from '../oauth/proof-check.ts'
import type { ResourceDirectory } from '../oauth/resource-directory.ts'
import { requireStaticClient } from '../registration/static-client.ts'
import { isApiKeyText } from './key-text.ts'
import { namedConnections } from './named-connections.ts'

/** The types under which Dedalus clients present a key, the newest first. */
export const apiKeyTypes: readonly string[] = [
  'urn:ietf:params:oauth:token-type:api_key',
  'urn:dedalus:api-key',
  'urn:dedalus:params:oauth:token-type:api-key',
]

export type ApiKeyParts = Pick<AppContext, 'config' | 'storage' | 'clock'> & {
  readonly directory: ResourceDirectory
}

export type ExchangeContext = TokenEndpointGrantContext<
  Partial<Record<'subject_token' | 'resource' | 'scope' | 'ext', string>>
>

/**
 * Turns an API key into a short-lived token of its owner, within the limits of the key. The key is all
 * the proof there is: the client need not show who it is.
 */
export async function exchangeApiKey(
  provider: Provider,
  ctx: ExchangeContext,
  parts: ApiKeyParts,
): Promise<void> {
  const { client, params } = ctx.oidc
  requireStaticClient(client)
  const key = await usableKey(ctx, parts, params.subject_token ?? '')
  params.resource ??= await defaultResource(ctx, key, parts)
  const [target] = await resolveRequestedResources(provider, ctx)
  const resource = target?.audience
  if (!resource || !mayReach(key, resource, parts.config.issuer)) {
    throw new errors.InvalidTarget('this API key is not for this resource')
  }
  const proof = await validateProof(provider, ctx)
  const account = await findAccount(provider, ctx, key.owner)
  if (!account) {
    throw new errors.InvalidRequest('subject_token refused: its user may no longer sign in')
  }
  ctx.oidc.entity('Account', account)
  const scope = narrowScope(params.scope, target.scopes, [key.scopes])
  const connections = await namedConnections(parts.storage, key, params.ext).catch(
    async (error: unknown) => {
      await recordRefusal(ctx, parts, key, 'connection')
      throw error
    },
  )
  const grantId = await keepGrant(parts, key, {
    clientId: client.clientId,
    resource,
    scopes: scope.split(' ').filter((name) => name !== ''),
    connections,
  })
  const { clock, config, storage } = parts
  const left = key.expiresAtMs === undefined ? Infinity : (key.expiresAtMs - clock()) / 1000
  await issueToken(provider, ctx, {
    target,
    scope,
    gty: grantTypes.tokenExchange,
    maxSeconds: Math.min(config.accessTokenTtlSeconds, left),
    proof,
    user: { accountId: key.owner, grantId },
    claims: {
      'ddls:connections': connections,
      'ddls:grant': grantId,
      'ddls:environment': key.environment,
    },
    isExchange: true,
  })
  await storage.apiKeys.touch(key.id)
}

/** @throws InvalidRequest, as RFC 8693 section 2.2.2 demands */
async function usableKey(ctx: ExchangeContext, parts: ApiKeyParts, text: string): Promise<ApiKey> {
  const key = isApiKeyText(text) ? await parts.storage.apiKeys.findByKey(text) : undefined
  if (!key)
    throw new errors.InvalidRequest('subject_token refused: this is no API key of this server')
  const problem =
    key.revokedAtMs !== undefined
      ? 'revoked'
      : key.expiresAtMs !== undefined && key.expiresAtMs <= parts.clock()
        ? 'expired'
        : undefined
  if (problem === undefined) return key
  await recordRefusal(ctx, parts, key, problem)
  throw new errors.InvalidRequest(
    `subject_token refused: this API key has ${problem === 'expired' ? 'expired' : 'been revoked'}`,
  )
}

async function recordRefusal(
  ctx: ExchangeContext,
  { storage }: ApiKeyParts,
  key: ApiKey,
  reason: 'revoked' | 'expired' | 'connection',
): Promise<void> {
  const state = ctx.state as Partial<RequestState>
  await recordEvent(storage.audit, {
    type: 'api_key.refused',
    outcome: 'denied',
    actor: key.owner,
    subject: key.id,
    client: ctx.oidc.client.clientId,
    request_id: state.requestId,
    detail: { reason },
  })
  state.isRefusalRecorded = true
}

/** The resource of a request that names none: Dedalus servers leave it out. */
async function defaultResource(
  ctx: ExchangeContext,
  key: ApiKey,
  { directory, config }: ApiKeyParts,
): Promise<string> {
  const { client, params } = ctx.oidc
  const [only, ...others] = key.resources ?? []
  if (only !== undefined && others.length === 0) return only
  const guess = await directory.guess((params.scope ?? '').split(' '), client.clientId)
  if (guess) return guess.resource
  if (ctx.get('DPoP') !== '') return `${config.issuer}${dispatchPath}`
  throw new errors.InvalidTarget(
    'this API key reaches several resources and the request names none: send "resource" (RFC 8707)',
  )
}

/** A key never administers: whoever found one could make others, and outlive its revocation. */
const mayReach = (key: ApiKey, resource: string, issuer: string): boolean =>
  resource !== `${issuer}${managementPath}` && key.resources?.includes(resource) !== false

/** The grant under which the key's tokens at a resource can be seen and taken back. */
async function keepGrant(
  { storage }: ApiKeyParts,
  key: ApiKey,
  what: {
    readonly clientId: string
    readonly resource: string
    readonly scopes: readonly string[]
    readonly connections: Readonly<Record<string, string>>
  },
): Promise<string> {
  const name = hash('sha256', `${what.clientId}\0${what.resource}`, 'base64url')
  const grantId = `${key.id}.${name}`
  const known = await storage.grants.find(grantId)
  const isSame =
    known?.revokedAtMs === undefined &&
    JSON.stringify([known?.scopes, known?.connections]) ===
      JSON.stringify([what.scopes, what.connections])
  if (isSame) return grantId
  if (await isTakenBack(storage, key, what.resource)) throw takenBack()
  try {
    await storage.grants.put({
      grantId,
      userId: key.owner,
      ...what,
      expiresAtMs: key.expiresAtMs,
    })
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'VERSION_CONFLICT') throw error
    throw takenBack(error)
  }
  // A revocation takes the grants with it that are there by then, not one that was stored just after.
  if ((await storage.apiKeys.find(key.id))?.revokedAtMs === undefined) return grantId
  throw new errors.InvalidRequest('subject_token refused: this API key has been revoked')
}

/** What its user took back at a resource stays so, whichever client the key comes with. */
async function isTakenBack(
  { grants, clients }: AppContext['storage'],
  { id, owner }: ApiKey,
  resource: string,
): Promise<boolean> {
  const page = { after: `${id}.`, limit: 100, includeInactive: true }
  const found = await grants.list({ userId: owner, resource, ...page })
  const revoked = found.filter(
    ({ grantId, revokedAtMs }) => grantId.startsWith(`${id}.`) && revokedAtMs !== undefined,
  )
  // A revoked client takes its grants with it: that was not the user.
  const used = await Promise.all(revoked.map(({ clientId }) => clients.find(clientId)))
  return used.some((client) => client?.revokedAtMs === undefined)
}

const takenBack = (cause?: unknown): Error =>
  new errors.InvalidRequest(
    'subject_token refused: its user took back what this API key may do at this resource',
    undefined,
    { cause },
  )
