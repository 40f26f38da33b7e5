import type { Backend } from '../backend.ts'
import { StorageError } from '../errors.ts'
import { query, run } from '../sqlite/queries.ts'
import type { ConnectionInfo, UploadNonce } from './connection.ts'
import { type RecordUpdate, writeRecord } from './records.ts'
import { nonceHash } from './row.ts'
import type { ConnectionTable } from './table.ts'

/** How credentials come in: who has the nonce may upload once. */
export interface ConnectionUploads {
  /** Opens a new upload (re-seal); the stored record stays in use until the upload completes. */
  openUpload(handle: string, upload: UploadNonce): Promise<void>
  /** True while this nonce is open, unexpired and the connection not revoked; does not use it up. */
  checkUpload(handle: string, nonce: string): Promise<boolean>
  /**
   * Stores the first or next record, uses up the nonce and makes a reserved connection active, if and only if
   * the nonce is still open and the version still `expectedVersion`: one winner, also across processes.
   * @throws StorageError ONE_TIME_KEY_INVALID, VERSION_CONFLICT, NOT_FOUND
   */
  completeUpload(handle: string, nonce: string, update: RecordUpdate): Promise<ConnectionInfo>
}

export function createConnectionUploads(
  backend: Backend,
  { change, usable, infoOf }: ConnectionTable,
): ConnectionUploads {
  const { db, now } = backend
  const openNonce = db.prepare<{ found: 1 }>(
    `select 1 as found from connections where handle = ? and upload_nonce_hash = ?
       and upload_expires_at_ms > ? and status <> 'revoked'`,
  )
  const isOpen = (handle: string, nonce: string): boolean =>
    openNonce.get(handle, nonceHash(nonce), now()) !== undefined

  return {
    openUpload: (handle, { nonce, expiresAtMs }) =>
      change(handle, () => {
        usable(handle)
        run(
          db,
          query
            .updateTable('connections')
            .set({ upload_nonce_hash: nonceHash(nonce), upload_expires_at_ms: expiresAtMs })
            .where('handle', '=', handle),
        )
      }),
    checkUpload: async (handle, nonce) => isOpen(handle, nonce),
    completeUpload: (handle, nonce, update) =>
      change(handle, () => {
        const { status } = usable(handle)
        if (!isOpen(handle, nonce)) {
          throw new StorageError(
            'ONE_TIME_KEY_INVALID',
            'the upload was completed or has expired: open a new one',
          )
        }
        writeRecord(backend, handle, update)
        run(
          db,
          query
            .updateTable('connections')
            .set({
              upload_nonce_hash: null,
              upload_expires_at_ms: null,
              status: status === 'paused' ? status : 'active',
            })
            .where('handle', '=', handle),
        )
        return infoOf(handle)
      }),
  }
}
