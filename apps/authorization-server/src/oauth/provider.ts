import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { AppContext, RequestState } from '../context.ts'
import { registerJwtBearer } from '../assertions/jwt-bearer.ts'
import { pinOrigin } from '../http/request-context.ts'
import { createLibraryFetch, fetchResponseBodyLimits } from '../outbound/library-fetch.ts'
import { restrictClients } from '../registration/client-validator.ts'
import { clientDocumentFeature } from '../registration/documents/library-documents.ts'
import { createFindAccount } from './accounts.ts'
import { createAdapterFactory } from './adapter.ts'
import { deviceCodeTtlSeconds, deviceFlow } from './device/device-flow.ts'
import { libraryCookie, sessionTtlSeconds } from './browser-session.ts'
import { assertionAlgorithms } from './client-assertion.ts'
import { clientAuthMethods, limitAssertions, mutualTls } from './client-methods.ts'
import { connectionType } from './details/parse-details.ts'
import { richRequests } from './details/rich-requests.ts'
import { createDpopNonces } from './dpop-nonces.ts'
import { createDpopOff } from './dpop-off.ts'
import { createExtraTokenClaims } from './extra-token-claims.ts'
import { recordGrantGivenUp } from './grant-audit.ts'
import { createInteractionPolicy } from './interaction-policy.ts'
import { collectLibraryEvents } from './library-events.ts'
import { registerLibraryGrants, rotateRefreshToken } from './library-grants.ts'
import { speedUpProofs } from './proof-check.ts'
import { renderAuthorizationError } from './render-error.ts'
import { limitResponseModes, requestChecks } from './request-checks.ts'
import type { AccountLimit } from './request-limits.ts'
import type { ResourceDirectory } from './resource-directory.ts'
import { resourceIndicators } from './resource-indicators.ts'
import { routes } from './routes.ts'
import { LibrarySigningKey } from './signing-key.ts'
import { issueUnderAlias } from './token-alias.ts'
import { recordRefreshToken } from './token-audit.ts'
import { addConnectLinks } from './connection-required.ts'
import { describeGrantError } from './token-errors.ts'
import { registerTokenExchange } from './token-exchange.ts'
import { nameUnregisteredGrants } from './unregistered-grants.ts'

export interface ProviderOptions {
  readonly ctx: AppContext
  readonly directory: ResourceDirectory
  /** Signs cookies; the first one signs, the others are still accepted. */
  readonly cookieKeys: readonly string[]
  /** 32 bytes, from which DPoP nonces are derived. */
  readonly nonceSecret: Uint8Array
  /** Outlives an instance. */
  readonly accountLimit: AccountLimit
}

const interactionTtlSeconds = 30 * 60

/** One instance of the library for the keys of this moment; a key rotation makes the next instance. */
export function createProvider(options: ProviderOptions): Provider {
  const { ctx } = options
  const { config } = ctx
  const provider = new Provider(config.issuer, configuration(options))
  pinOrigin(provider, config.issuer)
  issueUnderAlias(provider, config.issuer)
  limitResponseModes(provider)
  speedUpProofs(provider, {
    // The library's clock.
    nonces: createDpopNonces(options.nonceSecret, Date.now),
    requireNonce: (koa) => requireNonce(koa, config),
  })
  registerLibraryGrants(provider)
  registerJwtBearer(provider, ctx)
  registerTokenExchange(provider, {
    ctx,
    directory: options.directory,
  })
  nameUnregisteredGrants(provider)
  provider.on('grant.error', describeGrantError)
  provider.on('grant.error', addConnectLinks)
  collectLibraryEvents(provider)
  provider.on('server_error', (_koa, error: Error) => {
    ctx.logger.error({ err: error }, 'the OAuth library failed')
  })
  return provider
}

function configuration(options: ProviderOptions): Configuration {
  const { ctx, directory } = options
  const { accessTokenTtlSeconds, refreshTokenTtlSeconds, issuer } = ctx.config
  const [signing] = ctx.keystore.keys()
  if (!signing) throw new Error('the keystore is empty')
  // Browsers take such names only over https and without a domain; `__Host-` also wants the path /.
  const cookiePrefix = issuer.startsWith('https:')
    ? { root: '__Host-', path: '__Secure-' }
    : { root: '', path: '' }
  const cookie = libraryCookie(issuer)

  return {
    adapter: createAdapterFactory({
      storage: ctx.storage,
      onGrantDestroyed: async (grantId) => {
        const grant = await ctx.revocation.revokeGrantIfKnown(grantId)
        await recordGrantGivenUp(ctx.storage.audit, grantId, grant)
      },
      onRefreshToken: (payload) => recordRefreshToken(ctx.storage.audit, payload),
    }),
    jwks: { keys: ctx.keystore.keys().map((key) => new LibrarySigningKey(key)) },
    routes: { ...routes },
    scopes: ['openid', 'offline_access'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientAuthMethods: clientAuthMethods(ctx.config),
    assertJwtClientAuthClaimsAndHeader: limitAssertions(ctx),
    clientDefaults: {
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      authorization_details_types: [connectionType],
      id_token_signed_response_alg: signing.alg,
    },
    extraClientMetadata: restrictClients(),
    fetch: createLibraryFetch(ctx),
    fetchResponseBodyLimits,
    sectorIdentifierUriValidate: () => false,
    clientBasedCORS: (_koa, origin, client) =>
      origin !== 'null' && client.clientAuthMethod === 'none',
    cookies: {
      names: {
        session: cookiePrefix.root + 'holdfast_session',
        interaction: cookiePrefix.path + 'holdfast_interaction',
        resume: cookiePrefix.path + 'holdfast_resume',
      },
      long: cookie,
      short: cookie,
      keys: [...options.cookieKeys],
    },
    enabledJWA: {
      idTokenSigningAlgValues: [signing.alg],
      clientAuthSigningAlgValues: [...assertionAlgorithms],
      dPoPSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA'],
    },
    extraParams: requestChecks(directory),
    extraTokenClaims: createExtraTokenClaims(ctx.storage),
    formats: { customizers: { jwt: createDpopOff(directory) } },
    features: {
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      pushedAuthorizationRequests: { enabled: true },
      richAuthorizationRequests: richRequests({ issuer, directory, storage: ctx.storage }),
      deviceFlow: deviceFlow(ctx),
      mTLS: mutualTls(ctx.config),
      clientCredentials: { enabled: true },
      clientIdMetadataDocument: clientDocumentFeature(ctx),
      // The library refuses JWTs on both; ours stand in front and pass on refresh tokens only.
      revocation: {
        enabled: true,
        allowedPolicy: (_koa, client, token) => token.clientId === client.clientId,
      },
      introspection: { enabled: false },
      dPoP: {
        enabled: true,
        nonceSecret: Buffer.from(options.nonceSecret),
        requireNonce: (koa) => requireNonce(koa, ctx.config),
      },
      resourceIndicators: resourceIndicators({
        directory,
        clients: ctx.storage.clients,
        accessTokenTtlSeconds,
        signing,
      }) as NonNullable<NonNullable<Configuration['features']>['resourceIndicators']>,
    },
    findAccount: createFindAccount(ctx.storage, options.accountLimit),
    // Every authorization has its own grant, so that one client's sign-ins at two resources, or on
    // two machines, do not take each other's refresh tokens away.
    loadExistingGrant: grantOfThisConsent,
    interactions: {
      policy: createInteractionPolicy(),
      url: (_koa, { uid }) => `/interaction/${uid}`,
    },
    issueRefreshToken: (_koa, client) => Promise.resolve(client.grantTypeAllowed('refresh_token')),
    rotateRefreshToken,
    expiresWithSession: () => Promise.resolve(false),
    renderError: renderAuthorizationError,
    ttl: {
      AccessToken: accessTokenTtlSeconds,
      AuthorizationCode: 60,
      ClientCredentials: accessTokenTtlSeconds,
      DeviceCode: deviceCodeTtlSeconds,
      IdToken: accessTokenTtlSeconds,
      Interaction: interactionTtlSeconds,
      Session: sessionTtlSeconds,
      RefreshToken: refreshTokenTtlSeconds,
      Grant: refreshTokenTtlSeconds,
    },
  }
}

const requireNonce = (
  { state }: KoaContextWithOIDC,
  { dpopNonce }: Pick<AppContext['config'], 'dpopNonce'>,
): boolean => (state as Partial<RequestState>).needsNonce ?? dpopNonce !== 'off'

async function grantOfThisConsent({ oidc }: KoaContextWithOIDC) {
  const grantId = oidc.result?.consent?.grantId
  return grantId === undefined ? undefined : oidc.provider.Grant.find(grantId)
}
