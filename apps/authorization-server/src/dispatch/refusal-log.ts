import type { AuditLog } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import { CallerRefusal, type DispatchRefusal } from './refusal.ts'

/** Records callers that were turned away before it was known who they are. */
export interface RefusalLog {
  record(refusal: CallerRefusal | DispatchRefusal, requestId: string): Promise<void>
}

const perMinute = 60

/**
 * Makes the log. Anybody can cause these records, so only the first {@link perMinute} of a minute are
 * written; the next record says how many were left out.
 */
export function createRefusalLog(audit: Pick<AuditLog, 'append'>, clock: () => number): RefusalLog {
  let minute = 0
  let written = 0
  let leftOut = 0
  return {
    async record(refusal, requestId) {
      const now = Math.floor(clock() / 60_000)
      if (now !== minute) {
        minute = now
        written = 0
      }
      if (written >= perMinute) {
        leftOut += 1
        return
      }
      written += 1
      const status = refusal instanceof CallerRefusal ? refusal.status : 200
      const detail = { status, reason: refusal.message }
      await recordEvent(audit, {
        type: 'dispatch.refused',
        outcome: 'denied',
        request_id: requestId,
        detail: leftOut > 0 ? { ...detail, left_out: leftOut } : detail,
      })
      leftOut = 0
    },
  }
}
