/** Every reason for which an operation on a connection is refused. */
export type ConnectionErrorCode =
  | 'CONNECTION_NOT_FOUND'
  | 'CONNECTION_REVOKED'
  | 'CONNECTION_HAS_NO_CREDENTIAL'
  | 'INVALID_BASE_URL'
  | 'UPLOAD_NONCE_INVALID'
  | 'CREDENTIAL_REFUSED'
  | 'CONNECTION_CHANGED'
  | 'CONNECTION_NEEDS_RECONNECT'
  | 'RECORD_UNREADABLE'
  | 'OAUTH_APP_NOT_FOUND'
  | 'OAUTH_APP_IN_USE'
  | 'NOT_AN_OAUTH_CONNECTION'
  | 'TOO_MANY_TICKETS'

/** A refused operation. `message` says what is wrong and never repeats what the caller sent. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly code: ConnectionErrorCode

  constructor(code: ConnectionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
