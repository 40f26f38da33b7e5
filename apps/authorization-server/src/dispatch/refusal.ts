import type { DispatchErrorCode } from '@holdfast/protocol'

/** A dispatch that ends with HTTP 200 and `success: false`. */
export class DispatchRefusal extends Error {
  override readonly name = 'DispatchRefusal'
  readonly code: DispatchErrorCode

  /** @param message - what is wrong and how to fix it; never a value that the caller sent */
  constructor(code: DispatchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
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
