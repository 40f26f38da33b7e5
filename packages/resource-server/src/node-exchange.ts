import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ResourceAnswer, ResourceRequest } from './resource-request.ts'

/** Path and query as they came in: Express and Connect cut off the path that a handler is mounted at. */
export function targetOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return originForm(request.originalUrl ?? request.url ?? '/')
}

/**
 * The guard's view of a Node request. Header values come from `rawHeaders`: `headers` keeps only the
 * first of two `Authorization` headers, and a second one must be noticed.
 */
export function nodeResourceRequest(
  request: IncomingMessage,
  target: string = targetOf(request),
): ResourceRequest {
  return {
    method: request.method ?? 'GET',
    target: originForm(target),
    header: (name) => request.headersDistinct[name] ?? [],
  }
}

// A proxy request line (RFC 9112 section 3.2.2) carries an origin of the caller's choice.
function originForm(target: string): string {
  if (target.startsWith('/') || !URL.canParse(target)) return target
  const { pathname, search } = new URL(target)
  return pathname + search
}

/** Sets the guard's headers on a response that the application still writes. */
export function setHeaders(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

/** Sends a finished answer. */
export function sendAnswer(response: ServerResponse, answer: ResourceAnswer): void {
  response.statusCode = answer.status
  setHeaders(response, answer.headers)
  response.end(response.req.method === 'HEAD' ? undefined : (answer.body ?? undefined))
}
