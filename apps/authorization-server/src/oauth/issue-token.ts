import type { Provider, ResourceServerInstance, TokenEndpointGrantContext } from 'oidc-provider'
import {
  buildTokenResponse,
  checkDpopReplay,
  checkDpopRequired,
  type DPoPValidationResult,
} from 'oidc-provider/lib/helpers/grants.js'
import { assignedClaims } from './assigned-claims.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** A token to issue for what stands in for a person's consent. */
export interface TokenToIssue {
  readonly target: ResourceServerInstance
  readonly scope: string
  readonly gty: string
  /** Longest life. */
  readonly maxSeconds: number
  readonly proof: DPoPValidationResult | undefined
  /** Whose token it is; absent = the client's own. */
  readonly user?: { readonly accountId: string; readonly grantId: string } | undefined
  /** Claims beside those of RFC 9068. */
  readonly claims: Readonly<Record<string, unknown>>
  /** True for RFC 8693, whose answer names the type. */
  readonly isExchange?: boolean | undefined
}

/** Issues an access token, bound to the key of the proof if there was one, and answers with it. */
export async function issueToken(
  provider: Provider,
  ctx: TokenEndpointGrantContext,
  wanted: TokenToIssue,
): Promise<void> {
  const { client } = ctx.oidc
  const { target, proof, user, gty } = wanted
  checkDpopRequired(provider, ctx, proof)
  await checkDpopReplay(provider, ctx, proof, client.clientId)
  const seconds = Math.min(target.accessTokenTTL ?? wanted.maxSeconds, wanted.maxSeconds)
  const expiresIn = Math.max(1, Math.floor(seconds))
  const token = user
    ? new provider.AccessToken({ ...user, client, gty, expiresIn })
    : new provider.ClientCredentials({ client, expiresIn, scope: wanted.scope })
  token.resourceServer = target
  token.scope = wanted.scope
  if (proof) token.setThumbprint('jkt', proof.thumbprint)
  assignedClaims.set(token, wanted.claims)
  ctx.oidc.entity(user ? 'AccessToken' : 'ClientCredentials', token)
  ctx.body = buildTokenResponse(provider, {
    accessToken: await token.save(),
    expiresIn: token.expiration,
    ...(wanted.isExchange === true && { issuedTokenType: accessTokenType }),
    ...(wanted.scope !== '' && { scope: wanted.scope }),
    tokenType: token.tokenType,
  })
}
