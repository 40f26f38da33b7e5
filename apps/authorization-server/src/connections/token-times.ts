import { mintingKinds } from '@holdfast/protocol'
import type { TokenFacts } from '@holdfast/protocol/enclave'
import type { TokenTimes } from '@holdfast/storage'

/** How long before its end a token is renewed: clocks differ, and a call takes its time. */
const skewMs = 45_000

/** When to renew a token: earlier than its end, but never before three quarters of its life are over. */
export function timesOf({ expires_at_ms: end, renewable }: TokenFacts, nowMs: number): TokenTimes {
  if (end === null) return { expiresAtMs: null, refreshAtMs: null }
  const early = renewable ? Math.min(skewMs, Math.max(0, end - nowMs) / 4) : 0
  return { expiresAtMs: end, refreshAtMs: Math.floor(end - early) }
}

/** The times of a credential that was just uploaded: its first token is fetched by its first use. */
export const timesOfUpload = (kind: string): TokenTimes => ({
  expiresAtMs: null,
  refreshAtMs: (mintingKinds as readonly string[]).includes(kind) ? 0 : null,
})

/** True when the token must not be used without an attempt to renew it. */
export const isDue = (
  { tokenRefreshAtMs }: { readonly tokenRefreshAtMs: number | undefined },
  nowMs: number,
): boolean => tokenRefreshAtMs !== undefined && nowMs >= tokenRefreshAtMs
