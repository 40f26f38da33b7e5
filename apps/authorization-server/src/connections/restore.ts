import { type Connection, StorageError } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import { boundRecord } from './bound-record.ts'
import type { Actor, ConnectionParts } from './parts.ts'
import { rewrapTo } from './rewrap-to.ts'

/**
 * Puts the credential back that a connection had before the last upload.
 *
 * @param former - as it was before the upload
 * @param uploaded - the record version of the upload
 * @returns false when the former one was of no use either, or the connection has changed in between or since
 * @throws EnclaveError `ENCLAVE_UNAVAILABLE`, `DECRYPTION_FAILED`
 */
export async function restoreCredential(
  parts: ConnectionParts,
  actor: Actor,
  former: Connection,
  uploaded: number,
): Promise<boolean> {
  const { handle, kind, summary, status, baseUrl, tokenExpiresAtMs, tokenRefreshAtMs } = former
  // Whoever changed it in between may have had a reason not to want the former one back.
  const isReplaced = uploaded === former.recordVersion + 1
  const bound = isReplaced && status === 'active' ? boundRecord(former) : undefined
  if (!bound) return false
  const version = uploaded + 1
  const { record } = await rewrapTo(parts, bound, bound.context.policy, version)
  try {
    await parts.storage.connections.replaceRecord(handle, {
      expectedVersion: uploaded,
      version,
      record,
      kind,
      summary,
      baseUrl,
      tokens: { expiresAtMs: tokenExpiresAtMs ?? null, refreshAtMs: tokenRefreshAtMs ?? null },
    })
  } catch (error) {
    if (error instanceof StorageError && error.code === 'VERSION_CONFLICT') return false
    throw error
  }
  await recordEvent(parts.storage.audit, {
    type: 'connection.restored',
    outcome: 'success',
    actor: actor.sub,
    client: actor.clientId,
    connection: handle,
    request_id: actor.requestId,
    detail: { version },
  })
  return true
}
