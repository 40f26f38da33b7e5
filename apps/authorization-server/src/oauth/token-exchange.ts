import type { Grant } from '@holdfast/storage'
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import {
  buildTokenResponse,
  checkDpopReplay,
  resolveRequestedResources,
} from 'oidc-provider/lib/helpers/grants.js'
import type { TokenEndpointGrantContext } from 'oidc-provider'
import { apiKeyTypes, exchangeApiKey } from '../api-keys/exchange.ts'
import { createAssertionVerifier, type VerifyAssertion } from '../assertions/verify.ts'
import { exchangeUpstreamToken, isForeignToken } from '../assertions/upstream-token.ts'
import type { AppContext, RequestState } from '../context.ts'
import { type AccessTokenClaims, TokenError } from '../tokens.ts'
import { dispatchPath } from './built-in-resources.ts'
import { requireConnection } from './connection-required.ts'
import { narrowForExchange } from './details/rich-requests.ts'
import { grantTypes } from './grant-types.ts'
import { heldConnections } from './held-connections.ts'
import { narrowScope } from './narrow-scope.ts'
import { validateProof } from './proof-check.ts'
import type { ResourceDirectory } from './resource-directory.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
const idTokenType = 'urn:ietf:params:oauth:token-type:id_token'

const parameters = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'audience',
  'resource',
  'scope',
  'authorization_details',
  'ext',
  'connection',
] as const
type Parameters = Partial<Record<(typeof parameters)[number], string>>
type Context = TokenEndpointGrantContext<Parameters>

const subjectTypes: ReadonlySet<string> = new Set([
  accessTokenType,
  jwtType,
  idTokenType,
  ...apiKeyTypes,
])

/** As many servers may stand between a user and the last one. */
const maxActors = 5

/** The verified subject token of a token that is being issued by exchange, with the connections to name. */
export const exchangedFrom = new WeakMap<object, AccessTokenClaims>()

export interface TokenExchangeOptions {
  readonly ctx: AppContext
  readonly directory: ResourceDirectory
}

/**
 * Registers the grant by which an MCP server turns the token that a user's agent sent it into a
 * token for dispatch: same user, same connections, bound to the server's own key, never longer-lived.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693}
 */
export function registerTokenExchange(provider: Provider, options: TokenExchangeOptions): void {
  const verify = createAssertionVerifier(options.ctx)
  provider.registerGrantType(
    grantTypes.tokenExchange,
    (ctx: KoaContextWithOIDC) => route(provider, ctx as Context, options, verify),
    parameters,
    ['resource'],
  )
}

function route(
  provider: Provider,
  ctx: Context,
  { ctx: app, directory }: TokenExchangeOptions,
  verify: VerifyAssertion,
): Promise<void> {
  const { params } = ctx.oidc
  checkParameters(params)
  const isApiKey = apiKeyTypes.includes(params.subject_token_type ?? '')
  // As it was sent: the library leaves out what is empty, and the limits that were meant with it.
  const ext = ctx.oidc.body?.['ext']
  if (ext === '' || (ext !== undefined && !isApiKey)) {
    throw new errors.InvalidRequest('ext belongs to an API key: send it with one, and never empty')
  }
  if (isApiKey) return exchangeApiKey(provider, ctx, { ...app, directory })
  return isForeignToken(params.subject_token ?? '', app.config.issuer)
    ? exchangeUpstreamToken(provider, ctx, app, verify)
    : exchange(provider, ctx, app)
}

async function exchange(provider: Provider, ctx: Context, app: AppContext): Promise<void> {
  const { client, params } = ctx.oidc
  const dispatch = `${app.config.issuer}${dispatchPath}`

  const ownResource = await app.storage.resources.findByClientId(client.clientId)
  if (!ownResource) {
    throw new errors.UnauthorizedClient(
      "only a registered resource's own client may exchange tokens; it is made with the resource",
    )
  }
  params.resource ??= dispatch
  const [target, ...others] = await resolveRequestedResources(provider, ctx)
  const audience = target?.audience
  const isDispatch = audience === dispatch
  if (
    !audience ||
    others.length > 0 ||
    !(isDispatch || (await mayCall(app, client.clientId, audience)))
  ) {
    throw new errors.InvalidTarget(
      `tokens are exchanged for the dispatch resource (resource=${dispatch}, or none) and for the resources that an administrator named for this server (holdfast resources add --calls)`,
    )
  }

  const proof = await validateProof(provider, ctx)
  if (!proof && isDispatch) {
    throw new errors.InvalidDpopProof(
      'send a DPoP proof of your own key (RFC 9449): the dispatch token is bound to it',
    )
  }
  const subject = await verifySubject(params.subject_token ?? '', ownResource.resource, app)
  checkActors(subject)
  const scope = isDispatch
    ? narrowScope(params.scope, ['dispatch'], [])
    : narrowScope(params.scope, target.scopes, [(subject.scope ?? '').split(' ')])
  const grant = await checkStillGranted(subject, app)
  const { grantId } = grant
  const state = ctx.state as Partial<RequestState>
  state.isUserKnown = true
  const connections = heldConnections(subject, grant, ownResource.resource)
  await requireConnection(app, ctx, ownResource, grant, connections)
  const details = narrowForExchange(
    params.authorization_details,
    subject.authorization_details,
    connections,
  )
  await checkDpopReplay(provider, ctx, proof, client.clientId)

  const remaining = subject.exp - Math.floor(app.clock() / 1000)
  const token = new provider.AccessToken({
    accountId: subject.sub,
    client,
    grantId,
    gty: grantTypes.tokenExchange,
    expiresIn: Math.max(1, Math.min(app.config.accessTokenTtlSeconds, remaining)),
  })
  token.resourceServer = target
  token.scope = scope
  if (proof) token.setThumbprint('jkt', proof.thumbprint)
  token.rar = details
  exchangedFrom.set(token, { ...subject, 'ddls:connections': connections })
  ctx.oidc.entity('AccessToken', token)

  ctx.body = buildTokenResponse(provider, {
    accessToken: await token.save(),
    authorizationDetails: token.rar,
    expiresIn: token.expiration,
    issuedTokenType: accessTokenType,
    scope: token.scope,
    tokenType: token.tokenType,
  })
}

function checkParameters(params: Context['oidc']['params']): void {
  const refuse = (text: string): never => {
    throw new errors.InvalidRequest(text)
  }
  if (!params.subject_token) refuse('subject_token is missing')
  const isKnown = subjectTypes.has(params.subject_token_type ?? '')
  if (!isKnown) refuse(`subject_token_type must be ${accessTokenType} or ${apiKeyTypes[0]}`)
  const requested = params.requested_token_type
  if (requested !== undefined && ![accessTokenType, jwtType].includes(requested)) {
    refuse(`requested_token_type must be ${accessTokenType} or absent`)
  }
  if (params.actor_token !== undefined || params.actor_token_type !== undefined) {
    refuse('actor_token is not supported: the authenticated client is the actor')
  }
  if (params.audience !== undefined) refuse('use resource instead of audience')
}

/** @throws InvalidRequest, as RFC 8693 section 2.2.2 demands for an unacceptable subject token */
async function verifySubject(
  token: string,
  audience: string,
  { verifyToken }: Pick<AppContext, 'verifyToken'>,
): Promise<AccessTokenClaims> {
  try {
    return await verifyToken(token, { audience })
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    throw new errors.InvalidRequest(`subject_token refused: ${error.message}`, undefined, {
      cause: error,
    })
  }
}

/** True for a resource whose server's own client an administrator allowed to call another one. */
async function mayCall(
  { storage }: Pick<AppContext, 'storage'>,
  clientId: string,
  resource: string,
): Promise<boolean> {
  const client = await storage.clients.find(clientId)
  return client?.resources?.includes(resource) === true
}

/** @throws InvalidRequest for a chain that one more server would make too long */
function checkActors(subject: AccessTokenClaims): void {
  let actors = 1
  for (let actor = subject.act; actor; actor = actor.act) actors += 1
  if (actors > maxActors) {
    throw new errors.InvalidRequest(`subject_token refused: more than ${maxActors} servers act`)
  }
}

/** The grant behind the subject token, if the user still stands by it. */
async function checkStillGranted(
  subject: AccessTokenClaims,
  { storage }: Pick<AppContext, 'storage'>,
): Promise<Grant> {
  const grantId = subject['ddls:grant']
  if (grantId === undefined) {
    throw new errors.InvalidRequest('subject_token refused: it acts for no user')
  }
  const [grant, user] = await Promise.all([
    storage.grants.find(grantId),
    storage.users.find(subject.sub),
  ])
  if (grant?.userId !== subject.sub || grant.revokedAtMs !== undefined) {
    throw new errors.InvalidRequest('subject_token refused: its grant has been revoked')
  }
  if (user?.status !== 'active') {
    throw new errors.InvalidRequest('subject_token refused: its user may no longer sign in')
  }
  return grant
}
