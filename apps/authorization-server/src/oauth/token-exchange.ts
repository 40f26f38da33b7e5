import type { Storage } from '@holdfast/storage'
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import {
  buildTokenResponse,
  checkDpopReplay,
  resolveRequestedResources,
  validateDpop,
} from 'oidc-provider/lib/helpers/grants.js'
import type { TokenEndpointGrantContext } from 'oidc-provider'
import { type AccessTokenClaims, TokenError, type VerifyToken } from '../tokens.ts'
import { dispatchPath } from './built-in-resources.ts'
import { narrowForExchange } from './details/rich-requests.ts'
import { grantTypes } from './grant-types.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'

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
] as const
type Parameters = Partial<Record<(typeof parameters)[number], string>>
type Context = TokenEndpointGrantContext<Parameters>

/** The verified subject token of a token that is being issued by exchange. */
export const exchangedFrom = new WeakMap<object, AccessTokenClaims>()

export interface TokenExchangeOptions {
  readonly issuer: string
  readonly storage: Pick<Storage, 'resources' | 'grants' | 'users'>
  readonly verifyToken: VerifyToken
  readonly accessTokenTtlSeconds: number
  /** Unix milliseconds. */
  readonly clock: () => number
}

/**
 * Registers the grant by which an MCP server turns the token that a user's agent sent it into a
 * token for dispatch: same user, same connections, bound to the server's own key, never longer-lived.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693}
 */
export function registerTokenExchange(provider: Provider, options: TokenExchangeOptions): void {
  provider.registerGrantType(
    grantTypes.tokenExchange,
    (ctx: KoaContextWithOIDC) => exchange(provider, ctx as Context, options),
    parameters,
    ['resource'],
  )
}

async function exchange(
  provider: Provider,
  ctx: Context,
  options: TokenExchangeOptions,
): Promise<void> {
  const { client, params } = ctx.oidc
  checkParameters(params)

  const ownResource = await options.storage.resources.findByClientId(client.clientId)
  if (!ownResource) {
    throw new errors.UnauthorizedClient(
      "only a registered resource's own client may exchange tokens; it is made with the resource",
    )
  }
  params.resource ??= `${options.issuer}${dispatchPath}`
  const [target, ...others] = await resolveRequestedResources(provider, ctx)
  if (target?.audience !== `${options.issuer}${dispatchPath}` || others.length > 0) {
    throw new errors.InvalidTarget(
      `tokens are exchanged for the dispatch resource only: send resource=${options.issuer}${dispatchPath} or leave it out`,
    )
  }

  const proof = await validateDpop(provider, ctx)
  if (!proof) {
    throw new errors.InvalidDpopProof(
      'send a DPoP proof of your own key (RFC 9449): the dispatch token is bound to it',
    )
  }
  const subject = await verifySubject(params.subject_token ?? '', ownResource.resource, options)
  const grantId = await checkStillGranted(subject, options)
  const details = narrowForExchange(
    params.authorization_details,
    subject.authorization_details,
    subject['ddls:connections'] ?? {},
  )
  await checkDpopReplay(provider, ctx, proof, client.clientId)

  const remaining = subject.exp - Math.floor(options.clock() / 1000)
  const token = new provider.AccessToken({
    accountId: subject.sub,
    client,
    grantId,
    gty: grantTypes.tokenExchange,
    expiresIn: Math.max(1, Math.min(options.accessTokenTtlSeconds, remaining)),
  })
  token.resourceServer = target
  token.scope = 'dispatch'
  token.setThumbprint('jkt', proof.thumbprint)
  token.rar = details
  exchangedFrom.set(token, subject)
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
  const isAccessToken = [accessTokenType, jwtType].includes(params.subject_token_type ?? '')
  if (!isAccessToken) refuse(`subject_token_type must be ${accessTokenType}`)
  const requested = params.requested_token_type
  if (requested !== undefined && ![accessTokenType, jwtType].includes(requested)) {
    refuse(`requested_token_type must be ${accessTokenType} or absent`)
  }
  if (params.actor_token !== undefined || params.actor_token_type !== undefined) {
    refuse('actor_token is not supported: the authenticated client is the actor')
  }
  if (params.audience !== undefined) refuse('use resource instead of audience')
  if (params.scope !== undefined && params.scope !== 'dispatch') {
    throw new errors.InvalidScope(
      'the only scope of the dispatch resource is dispatch',
      params.scope,
    )
  }
}

/** @throws InvalidRequest, as RFC 8693 section 2.2.2 demands for an unacceptable subject token */
async function verifySubject(
  token: string,
  audience: string,
  { verifyToken }: TokenExchangeOptions,
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

/** The grant behind the subject token, if the user still stands by it. */
async function checkStillGranted(
  subject: AccessTokenClaims,
  { storage }: TokenExchangeOptions,
): Promise<string> {
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
  return grantId
}
