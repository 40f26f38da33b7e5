import { authorizeRequest, parseAuthorization } from '@holdfast/protocol/token'
import { type AuthenticatedRequest, createAuthenticatedRequest } from './authenticated-request.ts'
import { corsHeaders, foreignOriginAnswer, preflightAnswer } from './cors.ts'
import { createDenyList } from './deny-list.ts'
import type { NonceWindow } from './dpop-nonces.ts'
import { createGateway } from './dispatch.ts'
import { metadataPaths, metadataUrl, type ResourceMetadata, resourceMetadata } from './metadata.ts'
import type { ProtectedResourceOptions } from './options.ts'
import { isConnected, readOptions, type Settings } from './settings.ts'
import { InsufficientScope, refusal } from './refusal.ts'
import {
  type Decision,
  jsonAnswer,
  type ResourceAnswer,
  type ResourceRequest,
} from './resource-request.ts'
import { createTokenChecks } from './token-checks.ts'

/** A resource server's guard, which a binding puts in front of an application. */
export interface ProtectedResource {
  readonly metadata: ResourceMetadata
  /** Where clients find the metadata: absolute and path-suffixed. */
  readonly metadataUrl: string
  /** Decides about one request. Never throws for what a caller sends. */
  readonly check: (request: ResourceRequest) => Promise<Decision>
  /**
   * The answer that asks for more scopes (403, or what the client understands), for an operation that
   * the token does not allow; undefined when it does.
   */
  readonly checkScopes: (
    request: ResourceRequest,
    admitted: AuthenticatedRequest,
    needed: readonly string[],
  ) => ResourceAnswer | undefined
}

const pathOf = (target: string): string => target.split(/[?#]/, 1)[0] ?? '/'

function createMetadataAnswer(
  settings: Settings,
): (request: ResourceRequest) => ResourceAnswer | undefined {
  const document = resourceMetadata(settings)
  const paths = metadataPaths(settings)
  return (request) => {
    if (!paths.has(pathOf(request.target))) return undefined
    const cors = { 'access-control-allow-origin': '*' }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, headers: { ...cors, allow: 'GET, HEAD' }, body: null }
    }
    return jsonAnswer(200, document, {
      ...cors,
      'cache-control': `public, max-age=${settings.metadataMaxAgeSeconds}`,
    })
  }
}

/** Decides whether a request may go on; where proofs need a nonce, by those of the moment. */
type Admit = (
  request: ResourceRequest,
  nonces: NonceWindow | undefined,
) => Promise<AuthenticatedRequest>

function createAdmission(settings: Settings): Admit {
  const checks = createTokenChecks(settings)
  const denied =
    isConnected(settings) && settings.revocation !== undefined
      ? createDenyList(settings, settings.revocation)
      : undefined
  const gateway = isConnected(settings) ? createGateway(settings) : undefined
  const resource = {
    resource: settings.resource,
    metadataUrl: metadataUrl(settings),
    missingScopes: settings.missingScopes,
  }
  return async (request, nonces) => {
    const authorization = request.header('authorization')
    const auth = await authorizeRequest(
      {
        method: request.method,
        url: `${settings.publicBase}${pathOf(request.target)}`,
        authorization,
        dpop: request.header('dpop'),
      },
      nonces === undefined ? checks : { ...checks, nonce: nonces.accepts },
    )
    await denied?.check(auth)
    const { required } = settings.scopes
    const missing = settings.missingScopes(auth.scopes, required)
    if (missing.length > 0) throw new InsufficientScope(settings, auth, required, missing)
    const { token } = parseAuthorization(authorization)
    return createAuthenticatedRequest(auth, token, gateway, resource)
  }
}

/** Whoever proved a key learns the next nonce in time, and is not refused when the present one ends. */
function withNextNonce(
  headers: Readonly<Record<string, string>>,
  request: ResourceRequest,
  nonces: NonceWindow | undefined,
): Readonly<Record<string, string>> {
  if (nonces === undefined || request.header('dpop').length === 0) return headers
  return { ...headers, 'dpop-nonce': nonces.current }
}

/**
 * Guards an MCP server: serves its metadata, answers preflights, refuses requests without a valid
 * token and proof, and hands the rest on with what the token allows.
 *
 * @example
 * ```ts
 * const guard = protectedResource({
 *   issuer: 'https://auth.example',
 *   resource: 'https://mcp.example/mcp',
 *   scopes: { required: ['tools:call'] },
 *   client: { id: 'mcp-example', secret },
 * })
 * export default { fetch: protectFetch(guard, handleRequest) }
 * ```
 * @throws TypeError for options that cannot work
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728}
 */
export function protectedResource(options: ProtectedResourceOptions): ProtectedResource {
  const settings = readOptions(options)
  const serveMetadata = createMetadataAnswer(settings)
  const admit = createAdmission(settings)
  return {
    metadata: resourceMetadata(settings),
    metadataUrl: metadataUrl(settings),
    check: async (request) => {
      const answer = preflightAnswer(settings, request) ?? serveMetadata(request)
      if (answer !== undefined) return { answer }
      const headers = corsHeaders(settings, request)
      if (settings.publicPaths.has(pathOf(request.target))) return { headers, request: undefined }
      const foreign = foreignOriginAnswer(settings, request)
      if (foreign !== undefined) return { answer: foreign }
      const nonces = settings.dpopNonces && (await settings.dpopNonces())
      try {
        const admitted = await admit(request, nonces)
        return { headers: withNextNonce(headers, request, nonces), request: admitted }
      } catch (error) {
        return { answer: refusal(settings, request, error, nonces?.current), error }
      }
    },
    checkScopes: (request, { auth, missingScopes }, needed) => {
      const missing = missingScopes(needed)
      return missing.length === 0
        ? undefined
        : refusal(settings, request, new InsufficientScope(settings, auth, needed, missing))
    },
  }
}
