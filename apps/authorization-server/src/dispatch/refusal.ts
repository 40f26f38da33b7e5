import { type DispatchErrorCode, dispatchErrors } from '@holdfast/protocol'

/** A dispatch that ends with HTTP 200 and `success: false`. */
export class DispatchRefusal extends Error {
  override readonly name = 'DispatchRefusal'
  readonly code: DispatchErrorCode
  readonly retryable: boolean

  /**
   * @param message - what is wrong and how to fix it; never a value that the caller sent
   * @param options - `retryable` where that is not a matter of the code alone
   */
  constructor(
    code: DispatchErrorCode,
    message: string,
    options: ErrorOptions & { readonly retryable?: boolean } = {},
  ) {
    super(message, options)
    this.code = code
    this.retryable = options.retryable ?? dispatchErrors[code].retryable
  }
}

/** A dispatch whose caller is not who it claims to be: HTTP 401, or 403 for a runner's signature. */
export class CallerRefusal extends Error {
  override readonly name = 'CallerRefusal'
  readonly status: 401 | 403
  /** Value of `WWW-Authenticate`; only with 401. */
  readonly challenge: string | undefined
  /** Value of `DPoP-Nonce`, where proofs need one. */
  readonly nonce: string | undefined

  constructor(status: 401 | 403, message: string, challenge?: string, nonce?: string) {
    super(message)
    this.status = status
    this.challenge = challenge
    this.nonce = nonce
  }
}
