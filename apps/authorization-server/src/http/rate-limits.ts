import { type RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { HttpProblem } from './problem.ts'

/**
 * The refusal of what a limit is used up for.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6585#section-4}
 */
export function tooMany({ msBeforeNext }: RateLimiterRes, what = 'requests'): HttpProblem {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000))
  return new HttpProblem(429, `too many ${what}: try again in ${seconds} seconds`, {
    error: 'temporarily_unavailable',
    headers: { 'Retry-After': String(seconds) },
  })
}

/** @throws HttpProblem 429 */
export async function spend(limit: RateLimiterMemory, name: string, what?: string): Promise<void> {
  await limit.consume(name).catch((refusal: unknown) => {
    throw refusal instanceof RateLimiterRes ? tooMany(refusal, what) : refusal
  })
}
