import type { AuthenticatedRequest } from './authenticated-request.ts'
import type { ProtectedResource } from './protected-resource.ts'
import type { ResourceAnswer, ResourceRequest } from './resource-request.ts'

/** A fetch handler behind a guard; `context` is undefined only on public paths. */
export type ProtectedFetchHandler = (
  request: Request,
  context: AuthenticatedRequest | undefined,
) => Response | Promise<Response>

/** The guard's view of a Fetch API request. Repeated headers arrive joined by commas. */
export function fetchResourceRequest(request: Request): ResourceRequest {
  const { pathname, search } = new URL(request.url)
  return {
    method: request.method,
    target: pathname + search,
    header: (name) => {
      const value = request.headers.get(name)
      return value === null ? [] : [value]
    },
  }
}

/** A finished answer as a Fetch API response. */
export const fetchAnswer = (answer: ResourceAnswer): Response =>
  new Response(answer.body, { status: answer.status, headers: answer.headers })

/** Adds the guard's headers to those of the application's answer. */
export function addHeaders(headers: Headers, added: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(added)) {
    if (name === 'vary') headers.append(name, value)
    else headers.set(name, value)
  }
}

/**
 * Puts a guard in front of a fetch handler, as Workers, Deno, Bun and the MCP SDK v2 use it.
 *
 * @example
 * ```ts
 * const mcp = createMcpHandler(createServer)
 * const fetch = protectFetch(guard, (request, context) => mcp.fetch(request, context ?? {}))
 * ```
 */
export function protectFetch(
  resource: ProtectedResource,
  handler: ProtectedFetchHandler,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const decision = await resource.check(fetchResourceRequest(request))
    if (decision.answer !== undefined) return fetchAnswer(decision.answer)
    const response = await handler(request, decision.request)
    const headers = new Headers(response.headers)
    addHeaders(headers, decision.headers)
    return new Response(response.body, {
      status: response.status,
      statusText: response.statusText,
      headers,
    })
  }
}
