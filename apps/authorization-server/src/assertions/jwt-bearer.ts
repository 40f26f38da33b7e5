import { decodeProtectedHeader } from 'jose'
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { AppContext } from '../context.ts'
import { grantTypes } from '../oauth/grant-types.ts'
import { canonicalResource } from '../oauth/resource-directory.ts'
import { routes } from '../oauth/routes.ts'
import { requireStaticClient } from '../registration/static-client.ts'
import { AssertionError } from './errors.ts'
import { type AssertionContext, issueAsserted } from './issue.ts'
import { createAssertionVerifier, spendAssertion, type VerifiedAssertion } from './verify.ts'

/** `typ` of an identity assertion of an enterprise's identity provider. */
const idJagType = 'oauth-id-jag+jwt'
/** It is made for one request: draft-ietf-oauth-identity-assertion-authz-grant. */
const maxIdJagSeconds = 600

/**
 * Registers the grant by which a workload, or an enterprise's identity provider, gets a token without
 * a person at a screen.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.1}
 */
export function registerJwtBearer(provider: Provider, app: AppContext): void {
  const verify = createAssertionVerifier(app)
  provider.registerGrantType(
    grantTypes.jwtBearer,
    async (koa: KoaContextWithOIDC) => {
      const ctx = koa as AssertionContext
      requireStaticClient(ctx.oidc.client)
      const { assertion } = ctx.oidc.params
      if (!assertion) throw new errors.InvalidRequest('assertion is missing')
      try {
        await redeem(provider, ctx, app, verify, assertion)
      } catch (error) {
        if (!(error instanceof AssertionError)) throw error
        const refusal = new errors.InvalidGrant(error.message)
        refusal.error_description = `assertion refused: ${error.message}`
        throw refusal
      }
    },
    ['assertion', 'resource', 'scope'],
    ['resource'],
  )
}

async function redeem(
  provider: Provider,
  ctx: AssertionContext,
  app: AppContext,
  verify: ReturnType<typeof createAssertionVerifier>,
  assertion: string,
): Promise<void> {
  const { client, params } = ctx.oidc
  const { issuer } = app.config
  const isIdJag = typeOf(assertion) === idJagType
  if (isIdJag && client.clientAuthMethod === 'none') {
    throw new errors.UnauthorizedClient('an ID-JAG is taken from clients that prove who they are')
  }
  const verified = await verify(assertion, ({ trust }) =>
    isIdJag
      ? {
          use: 'id-jag',
          types: [idJagType],
          audience: [issuer],
          singleAudience: true,
          maxLifetime: maxIdJagSeconds,
        }
      : {
          use: 'workload',
          types: [undefined, 'jwt'],
          audience: [issuer, issuer + routes.token],
          singleAudience: true,
          maxLifetime: trust.max_lifetime,
        },
  )
  const scopes = isIdJag ? checkIdJag(verified, client.clientId, params) : undefined
  const isSingleUse = isIdJag || verified.issuer.trust.single_use
  await issueAsserted(provider, ctx, app, {
    verified,
    gty: grantTypes.jwtBearer,
    scopes,
    endsWithAssertion: false,
    isExchange: false,
    spend: async () => {
      if (isSingleUse) await spendAssertion(app.storage, verified, app.clock())
    },
  })
}

/** Checks what an ID-JAG says of client, resource and scope. Returns the scopes that it allows. */
function checkIdJag(
  { claims }: VerifiedAssertion,
  clientId: string,
  params: AssertionContext['oidc']['params'],
): readonly string[] | undefined {
  if (claims['client_id'] !== clientId) throw new AssertionError('it is for another client')
  const { resource, scope } = claims
  if (resource !== undefined) {
    const named = [resource]
      .flat()
      .map((uri) => (typeof uri === 'string' ? canonicalResource(uri) : undefined))
    if (named.length === 1 && named[0] !== undefined) params.resource ??= named[0]
    const wanted = canonicalResource(params.resource ?? '')
    if (wanted === undefined || !named.includes(wanted)) {
      throw new AssertionError('it is for another resource')
    }
  }
  if (scope === undefined) return undefined
  if (typeof scope !== 'string') throw new AssertionError('its scope is malformed')
  return scope.split(' ')
}

function typeOf(assertion: string): string | undefined {
  try {
    const { typ } = decodeProtectedHeader(assertion)
    return typ?.toLowerCase().replace(/^application\//, '')
  } catch {
    return undefined
  }
}
