/** Every way in which a value that crosses a trust boundary can be refused by this package. */
export type ProtocolErrorCode =
  | 'INVALID_HANDLE'
  | 'INVALID_ENVELOPE'
  | 'INVALID_PATH'
  | 'INVALID_HOST'
  | 'INVALID_DETAILS'
  | 'INVALID_KEY_SET'
  | 'KEY_NOT_VALID_NOW'
  | 'IDENTITY_CHANGED'

/**
 * A malformed or untrusted value. `message` names the problem and the fix and never repeats the
 * value itself, which may hold a secret.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
