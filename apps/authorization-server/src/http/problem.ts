/** A refusal with an HTTP status and a text that may be shown; never holds what the caller sent. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly status: number
  /** OAuth error code, for endpoints that answer in RFC 6749 form. */
  readonly error: string
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    options: {
      readonly error?: string
      readonly headers?: Record<string, string>
      readonly cause?: unknown
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.status = status
    this.error = options.error ?? (status < 500 ? 'invalid_request' : 'server_error')
    this.headers = options.headers ?? {}
  }
}
