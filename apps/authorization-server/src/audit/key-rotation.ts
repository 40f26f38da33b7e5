import type { AuditLog } from '@holdfast/storage'
import type { Actor } from '../connections/parts.ts'
import type { SigningKeyRotation } from '../keystore.ts'
import { recordEvent } from './recorder.ts'

/** Records that another key signs, or that one of another algorithm was published and will sign. */
export async function recordKeyRotation(
  log: Pick<AuditLog, 'append'>,
  rotation: SigningKeyRotation,
  actor?: Actor,
): Promise<void> {
  const { retired_kid: retired, next_kid: next, next_signs_from_ms: fromMs } = rotation
  await recordEvent(log, {
    type: retired === undefined ? 'keys.signing_announced' : 'keys.signing_rotated',
    outcome: 'success',
    actor: actor?.sub ?? 'system',
    client: actor?.clientId,
    subject: retired === undefined ? next : rotation.signing_kid,
    request_id: actor?.requestId,
    detail: {
      alg: rotation.alg,
      reason: rotation.reason,
      next,
      ...(retired !== undefined && { retired }),
      ...(fromMs !== undefined && { signs_from: new Date(fromMs).toISOString() }),
    },
  })
}
