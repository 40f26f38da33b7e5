import {
  type AuthorizeRequestOptions,
  authorizeRequest,
  createAccessTokenVerifier,
  createDpopVerifier,
  createMemoryReplayStore,
  createRemoteKeySource,
  formatChallenge,
  parseAuthorization,
  TokenError,
} from '@holdfast/protocol/token'
import { createAuthenticatedRequest } from './authenticated-request.ts'
import { corsHeaders, preflightAnswer } from './cors.ts'
import { createDenyList, type DenyList } from './deny-list.ts'
import { createGateway } from './dispatch.ts'
import { requestJson } from './http-client.ts'
import { metadataPaths, metadataUrl, type ResourceMetadata, resourceMetadata } from './metadata.ts'
import { type ProtectedResourceOptions, readOptions, type Settings } from './options.ts'
import {
  type Decision,
  jsonAnswer,
  type ResourceAnswer,
  type ResourceRequest,
} from './resource-request.ts'

/** A resource server's guard, which a binding puts in front of an application. */
export interface ProtectedResource {
  readonly metadata: ResourceMetadata
  /** Where clients find the metadata: absolute and path-suffixed. */
  readonly metadataUrl: string
  /** Decides about one request. Never throws for what a caller sends. */
  readonly check: (request: ResourceRequest) => Promise<Decision>
}

async function loadKeys(settings: Settings): Promise<unknown> {
  const { status, body } = await requestJson(
    settings.fetch,
    `${settings.issuer}/.well-known/jwks.json`,
    { headers: { accept: 'application/json' }, timeoutMs: 5_000, maxBytes: 1024 * 1024 },
  )
  if (status !== 200) throw new Error(`the issuer's key set answered ${status}`)
  return body
}

function tokenChecks(settings: Settings): AuthorizeRequestOptions {
  const { now, sha256, verifySignature, scopes } = settings
  const shared = {
    now,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(verifySignature === undefined ? {} : { verifySignature }),
  }
  return {
    tokens: createAccessTokenVerifier({
      ...shared,
      issuer: settings.issuer,
      audience: settings.resource,
      keys: createRemoteKeySource({ load: () => loadKeys(settings), now }),
    }),
    proofs: createDpopVerifier({
      ...shared,
      ...(settings.replay === undefined
        ? { replay: createMemoryReplayStore({ now }), notBefore: Math.floor(now() / 1000) }
        : { replay: settings.replay }),
    }),
    dpop: settings.dpop,
    scopes: scopes.required,
  }
}

function denyList(settings: Settings): DenyList | undefined {
  const { client, revocation } = settings
  return client === undefined || revocation === undefined
    ? undefined
    : createDenyList(settings, client, revocation)
}

const pathOf = (target: string): string => target.split(/[?#]/, 1)[0] ?? '/'

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
  const { client, scopes } = settings
  const document = resourceMetadata(settings)
  const documentUrl = metadataUrl(settings.resource)
  const documentPaths = metadataPaths(settings.resource)
  const checks = tokenChecks(settings)
  const denied = denyList(settings)
  const gateway = client === undefined ? undefined : createGateway(settings, client)

  const serveMetadata = (request: ResourceRequest): ResourceAnswer | undefined => {
    if (!documentPaths.has(pathOf(request.target))) return undefined
    const cors = { 'access-control-allow-origin': '*' }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, headers: { ...cors, allow: 'GET, HEAD' }, body: null }
    }
    return jsonAnswer(200, document, { ...cors, 'cache-control': 'public, max-age=300' })
  }

  const refuse = (request: ResourceRequest, error: unknown): ResourceAnswer => {
    const known =
      error instanceof TokenError
        ? error
        : new TokenError('temporarily_unavailable', 'the request cannot be checked', {
            cause: error,
          })
    const isOurs = known.code === 'temporarily_unavailable'
    if (isOurs) settings.onError(error)
    const challenge = formatChallenge(known, {
      dpop: settings.dpop,
      resourceMetadata: documentUrl,
      scopes: scopes.requested,
    })
    return jsonAnswer(
      known.status,
      {
        error: known.code === 'missing_token' ? 'unauthorized' : known.code,
        error_description: known.reason,
      },
      {
        ...corsHeaders(settings, request),
        'cache-control': 'no-store',
        ...(isOurs ? { 'retry-after': '1' } : { 'www-authenticate': challenge }),
      },
    )
  }

  const admit = async (request: ResourceRequest): Promise<Decision> => {
    const headers = corsHeaders(settings, request)
    const path = pathOf(request.target)
    if (settings.publicPaths.has(path)) return { headers, request: undefined }
    const authorization = request.header('authorization')
    const auth = await authorizeRequest(
      {
        method: request.method,
        url: `${settings.publicBase}${path}`,
        authorization,
        dpop: request.header('dpop'),
      },
      checks,
    )
    await denied?.check(auth)
    const { token } = parseAuthorization(authorization)
    return {
      headers,
      request: createAuthenticatedRequest(auth, token, gateway, {
        resource: settings.resource,
        metadataUrl: documentUrl,
      }),
    }
  }

  return {
    metadata: document,
    metadataUrl: documentUrl,
    check: async (request) => {
      const answer = preflightAnswer(settings, request) ?? serveMetadata(request)
      if (answer !== undefined) return { answer }
      try {
        return await admit(request)
      } catch (error) {
        return { answer: refuse(request, error) }
      }
    },
  }
}
