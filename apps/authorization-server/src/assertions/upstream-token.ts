import { decodeJwt } from 'jose'
import { errors, type Provider } from 'oidc-provider'
import type { AppContext } from '../context.ts'
import { grantTypes } from '../oauth/grant-types.ts'
import { AssertionError } from './errors.ts'
import { type AssertionContext, issueAsserted } from './issue.ts'
import type { VerifyAssertion } from './verify.ts'

/** True for a token that does not say that this server issued it. */
export function isForeignToken(token: string, issuer: string): boolean {
  try {
    const { iss } = decodeJwt(token)
    return typeof iss === 'string' && iss !== issuer
  } catch {
    return false
  }
}

/** Exchanges the token of a trusted issuer for one of ours, for the user that it maps to. */
export async function exchangeUpstreamToken(
  provider: Provider,
  ctx: AssertionContext,
  app: AppContext,
  verify: VerifyAssertion,
): Promise<void> {
  try {
    const verified = await verify(ctx.oidc.params.subject_token ?? '', ({ trust }) => ({
      use: 'token-exchange',
      types: [undefined, 'jwt', 'at+jwt'],
      audience: [trust.audience ?? ''],
      singleAudience: false,
      maxLifetime: undefined,
    }))
    await issueAsserted(provider, ctx, app, {
      verified,
      gty: grantTypes.tokenExchange,
      endsWithAssertion: true,
      isExchange: true,
      // A token is good until it ends; whoever has it may exchange it again.
      spend: () => Promise.resolve(),
    })
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error
    throw new errors.InvalidRequest(`subject_token refused: ${error.message}`, undefined, {
      cause: error,
    })
  }
}
