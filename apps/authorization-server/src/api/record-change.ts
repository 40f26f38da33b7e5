import type { Storage } from '@holdfast/storage'
import { type AuditEvent, type AuditEventType, recordEvent } from '../audit/recorder.ts'
import type { Actor } from '../connections/parts.ts'

/**
 * Records what somebody changed by the API, and what it was about.
 *
 * @throws StorageError when it could not be written; the change must then not be answered
 */
export async function recordChange(
  { audit }: Pick<Storage, 'audit'>,
  actor: Actor,
  type: AuditEventType,
  subject: string,
  detail?: AuditEvent['detail'],
): Promise<void> {
  await recordEvent(audit, {
    type,
    outcome: 'success',
    actor: actor.sub,
    subject,
    request_id: actor.requestId,
    detail,
  })
}
