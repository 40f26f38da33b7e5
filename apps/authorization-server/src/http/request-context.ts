import { randomFillSync } from 'node:crypto'
import type Koa from 'koa'
import type { RequestState } from '../context.ts'

const idBytes = 16
/** Random bytes for the next ids: to ask for each by itself costs ten times as much. */
const random = Buffer.alloc(256 * idBytes)
let used = random.length

/** A fresh request id, for the answer header, the log and audit records. */
export function newRequestId(): string {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  const start = used
  used += idBytes
  return `req_${random.toString('hex', start, used)}`
}

/** The caller's address; undefined beside a request. */
export const addressOf = (koa: Pick<Koa.Context, 'state'> | undefined): string | undefined =>
  (koa?.state as Partial<RequestState> | undefined)?.remoteAddress

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
