import {
  type Decision,
  jsonAnswer,
  refusalBody,
  type ResourceAnswer,
  type ResourceRequest,
} from './resource-request.ts'

// Reflection covers what clients really ask for; the list serves proxies that cache one answer for all.
const usualHeaders =
  'authorization, content-type, accept, dpop, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id'
const exposedHeaders = 'WWW-Authenticate, DPoP-Nonce, Mcp-Session-Id, MCP-Protocol-Version'
const headerNames = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+(?: *, *[A-Za-z0-9!#$%&'*+\-.^_`|~]+)*$/

/** Pages of which origins may call. */
export interface OriginSettings {
  readonly allowedOrigins: '*' | ReadonlySet<string>
}

function allowedOrigin(settings: OriginSettings, request: ResourceRequest): string | undefined {
  if (settings.allowedOrigins === '*') return '*'
  const [origin] = request.header('origin')
  return origin !== undefined && settings.allowedOrigins.has(origin) ? origin : undefined
}

/** CORS headers of every answer, also of the application's and of refusals. */
export function corsHeaders(
  settings: OriginSettings,
  request: ResourceRequest,
): Readonly<Record<string, string>> {
  const origin = allowedOrigin(settings, request)
  const vary = settings.allowedOrigins === '*' ? {} : { vary: 'Origin' }
  if (origin === undefined) return vary
  return {
    ...vary,
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedHeaders,
  }
}

/**
 * The answer to a page of a browser that may not call this server, whatever token it has; undefined for
 * any other request. What a browser hides from such a page it has still let it do.
 *
 * @see {@link https://modelcontextprotocol.io/specification/2026-07-28/basic/transports} security warning
 */
export function foreignOriginAnswer(
  settings: OriginSettings,
  request: ResourceRequest,
): ResourceAnswer | undefined {
  const { allowedOrigins } = settings
  const origins = request.header('origin')
  if (allowedOrigins === '*' || origins.every((origin) => allowedOrigins.has(origin))) {
    return undefined
  }
  const reason = 'pages of this origin may not call this server'
  return jsonAnswer(403, refusalBody('forbidden_origin', reason), {
    vary: 'Origin',
    'cache-control': 'no-store',
  })
}

/**
 * The answer to a CORS preflight, which carries no token and must not be asked for one; undefined for
 * any other request.
 *
 * @see {@link https://fetch.spec.whatwg.org/#cors-preflight-fetch}
 */
export function preflightAnswer(
  settings: OriginSettings,
  request: ResourceRequest,
): ResourceAnswer | undefined {
  if (request.method !== 'OPTIONS') return undefined
  if (request.header('access-control-request-method').length === 0) return undefined
  const asked = request.header('access-control-request-headers').join(', ')
  const isReflected = asked.length <= 1024 && headerNames.test(asked)
  return {
    status: 204,
    headers: {
      ...corsHeaders(settings, request),
      'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
      'access-control-allow-headers': isReflected ? asked : usualHeaders,
      'access-control-max-age': '600',
    },
    body: null,
  }
}

/** Decides by its origin alone whether a request may go on, for a server whose guard is off. */
export function checkOrigin(settings: OriginSettings, request: ResourceRequest): Decision {
  const answer = preflightAnswer(settings, request) ?? foreignOriginAnswer(settings, request)
  if (answer !== undefined) return { answer }
  return { headers: corsHeaders(settings, request), request: undefined }
}
