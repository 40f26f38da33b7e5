/** Every reason for which storage refuses; stable, safe to switch on. */
export type StorageErrorCode =
  | 'ALREADY_CONSUMED'
  | 'REPLAYED'
  | 'EXISTS'
  | 'NOT_FOUND'
  | 'VERSION_CONFLICT'
  | 'ONE_TIME_KEY_INVALID'
  | 'SCHEMA_TOO_NEW'
  | 'WRONG_ENCRYPTION_KEY'
  | 'UNREADABLE_RECORD'
  | 'INVALID_VALUE'
  | 'DISK_FAILED'
  | 'DISK_HANGS'
  | 'CLOSED'

/** The one error class of this package; `message` never holds stored or caller-supplied values. */
export class StorageError extends Error {
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StorageError'
    this.code = code
  }
}
