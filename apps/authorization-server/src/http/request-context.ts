import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type Koa from 'koa'

/** A fresh request id, for the answer header, the log and audit records. */
export const newRequestId = (): string => `req_${randomUUID().replaceAll('-', '')}`

/** The caller's address: the socket's, or the last hop that a trusted proxy wrote down. */
export function remoteAddressOf(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? request.headers['x-forwarded-for'] : undefined
  const last = [forwarded ?? ''].flat().join(',').split(',').at(-1)?.trim()
  return last || request.socket.remoteAddress || 'unknown'
}

/**
 * Ties an app's idea of its own origin to the issuer, so that no header can move a URL that it
 * derives (metadata, `htu`, cookies' `secure`).
 */
export function pinOrigin(app: Koa, issuer: string): void {
  const { host, hostname, origin, protocol } = new URL(issuer)
  const fixed = { host, hostname, origin, protocol: protocol.slice(0, -1) }
  for (const [name, value] of Object.entries(fixed)) {
    Object.defineProperty(app.request, name, { configurable: true, get: () => value })
  }
  Object.defineProperty(app.request, 'secure', {
    configurable: true,
    get: () => protocol === 'https:',
  })
}
