import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AnswerGate, createHeldResponse } from './held-response.ts'

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/** A bound port. Until it is told who answers, requests are told to come again. */
export interface Listener {
  /** The port that was really bound. */
  readonly port: number
  answerWith(handler: RequestHandler): void
  /** Takes no new connections, and ends those that are still open after `graceMs`. */
  close(graceMs: number): Promise<void>
  /** Ends everything at once, also answers that are half given. */
  abort(): void
}

/** Slow or oversized requests end here; bodies have their own limits. */
const httpOptions = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
}

/**
 * Binds a port, 0 for any that is free.
 *
 * @param gate - what every answer waits for
 * @throws Error when the port is taken
 */
export async function openListener(
  address: { readonly host: string; readonly port: number },
  gate: AnswerGate,
): Promise<Listener> {
  const http = createServer({ ...httpOptions, ServerResponse: createHeldResponse(gate) })
  http.on('request', answerTooEarly)
  const port = await bind(http, address)
  return {
    port,
    answerWith(handler) {
      http.off('request', answerTooEarly)
      http.on('request', handler)
    },
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()))
      http.closeIdleConnections()
      const timer = setTimeout(() => http.closeAllConnections(), graceMs)
      await closed
      clearTimeout(timer)
    },
    abort() {
      http.close()
      http.closeAllConnections()
    },
  }
}

/** The port is bound before the rest is there. */
function answerTooEarly(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  response.writeHead(503, { 'Retry-After': '1', Connection: 'close' })
  response.end()
}

function bind(
  http: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, () => {
      http.off('error', reject)
      resolve((http.address() as AddressInfo).port)
    })
  })
}
