/** Why a client whose id is the URL of a document is not known. */
export type DocumentErrorCode =
  'OFF' | 'HOST_WAITING' | 'HOST_NOT_ALLOWED' | 'HOST_DENIED' | 'UNAVAILABLE' | 'INVALID'

/**
 * A document that is not taken. The message is for the person who tried to sign in, `fix` for
 * whoever can change it.
 */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
  readonly code: DocumentErrorCode
  readonly fix: string

  constructor(code: DocumentErrorCode, message: string, fix: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.fix = fix
  }
}
