import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { targetOf } from './node-exchange.ts'

// What a client names as its host is never trusted; only path and query are read from this URL.
const placeholder = 'http://localhost'

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers()
  // `rawHeaders` and not `headers`, which hides a second `Authorization`.
  for (let n = 0; n + 1 < request.rawHeaders.length; n += 2) {
    headers.append(request.rawHeaders[n] ?? '', request.rawHeaders[n + 1] ?? '')
  }
  return headers
}

/** The body; what a framework made of it where that has read it already. */
function bodyOf(request: IncomingMessage & { readonly body?: unknown }): BodyInit | null {
  const { method, body, readableDidRead } = request
  if (method === 'GET' || method === 'HEAD') return null
  if (!readableDidRead || body === undefined) return Readable.toWeb(request) as ReadableStream
  if (typeof body === 'string') return body
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body)
}

function requestOf(request: IncomingMessage, signal: AbortSignal): Request {
  const target = `${placeholder}${targetOf(request)}`
  // Needed for a body that is a stream, and missing in the types.
  const duplex = { duplex: 'half' }
  return new Request(URL.canParse(target) ? target : placeholder, {
    method: request.method ?? 'GET',
    headers: headersOf(request),
    signal,
    body: bodyOf(request),
    ...duplex,
  })
}

/** Answers a Node request by a fetch handler. */
export async function serveFetch(
  serve: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const abort = new AbortController()
  response.once('close', () => abort.abort())
  const answer = await serve(requestOf(request, abort.signal))
  response.statusCode = answer.status
  for (const [name, value] of answer.headers) response.appendHeader(name, value)
  if (answer.body === null || request.method === 'HEAD') {
    response.end()
    return
  }
  await pipeline(Readable.fromWeb(answer.body as NodeReadableStream), response)
}
