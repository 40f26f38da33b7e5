import { createHmac, hash, timingSafeEqual } from 'node:crypto'

/** The headers with which a Dedalus runner signs a dispatch. */
export interface RunnerHeaders {
  /** `X-Dedalus-Timestamp`: Unix seconds. */
  readonly timestamp: string
  /** `X-Dedalus-Deployment` */
  readonly deployment: string
  /** `X-Dedalus-Signature`: lower-case hex. */
  readonly signature: string
}

/** How far the runner's clock may be off, either way. */
export const runnerWindowSeconds = 300

/** Signature of a dispatch body: hex HMAC-SHA256 over `"{timestamp}:{deployment}:{sha256hex(body)}"`. */
export function signRunnerRequest(
  secret: Uint8Array,
  headers: Omit<RunnerHeaders, 'signature'>,
  body: Uint8Array,
): string {
  return createHmac('sha256', secret)
    .update(`${headers.timestamp}:${headers.deployment}:${hash('sha256', body)}`)
    .digest('hex')
}

/** Checks the signature in constant time; says nothing about its age. */
export function isRunnerSignature(
  secret: Uint8Array,
  headers: RunnerHeaders,
  body: Uint8Array,
): boolean {
  if (!/^[0-9a-f]{64}$/.test(headers.signature)) return false
  const expected = signRunnerRequest(secret, headers, body)
  return timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(headers.signature, 'latin1'))
}

/** Tells whether the timestamp is a whole number of seconds within {@link runnerWindowSeconds}. */
export function isFreshTimestamp(timestamp: string, nowMs: number): boolean {
  if (!/^[0-9]{1,12}$/.test(timestamp)) return false
  return Math.abs(Number(timestamp) - Math.floor(nowMs / 1000)) <= runnerWindowSeconds
}
