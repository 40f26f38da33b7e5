/** Every way in which a call of this SDK can fail. */
export type ClientErrorCode =
  /** No session is stored: call `login`. */
  | 'NOT_SIGNED_IN'
  /** The session was revoked or has run out: call `login` again. */
  | 'SESSION_EXPIRED'
  | 'LOGIN_FAILED'
  /** The server does not accept the token. */
  | 'UNAUTHORIZED'
  /** A scope or a role is missing. */
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'INVALID_REQUEST'
  | 'RATE_LIMITED'
  /** The server failed, or answered what it must not. */
  | 'SERVER_ERROR'
  | 'SERVER_UNREACHABLE'
  /** A token or a credential would travel in plain text. */
  | 'PLAINTEXT_REFUSED'
  /** The protected server's metadata describe another resource. */
  | 'RESOURCE_MISMATCH'
  /** No way to be known to the authorization server: it takes neither of those that are configured. */
  | 'NOT_REGISTERED'
  /** The server's metadata name another issuer. */
  | 'ISSUER_MISMATCH'
  /** The enclave's identity is not the pinned one. */
  | 'IDENTITY_CHANGED'
  /** The server's answer would bind the credential to somebody or something else. */
  | 'BINDING_REFUSED'

/** One wrong field of a refused request. */
export interface FieldError {
  /** RFC 6901 pointer into the body, or the name of a query parameter. */
  readonly pointer: string
  readonly detail: string
}

/** A failure of a call. `message` never holds a secret. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  /** The server's own code, from its problem document. */
  readonly problem: string | undefined
  /** What to do about it, in one sentence. */
  readonly fix: string | undefined
  readonly status: number | undefined
  readonly requestId: string | undefined
  /** The fields that the server refused. */
  readonly fields: readonly FieldError[]

  constructor(
    code: ClientErrorCode,
    message: string,
    options: {
      readonly problem?: string | undefined
      readonly fix?: string | undefined
      readonly status?: number | undefined
      readonly requestId?: string | undefined
      readonly fields?: readonly FieldError[] | undefined
      readonly cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.problem = options.problem
    this.fix = options.fix
    this.status = options.status
    this.requestId = options.requestId
    this.fields = options.fields ?? []
  }
}
