/** Whoever asks for more time is asked again all the same. */
const longestMs = 300_000

/**
 * What a `Retry-After` header asks for, at most five minutes; undefined when it says nothing useful.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3}
 */
export function retryAfterMs(value: unknown, nowMs: number): number | undefined {
  if (typeof value !== 'string' || value.length > 64) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return ms > 0 ? Math.min(ms, longestMs) : undefined
}
