import type { EnclaveErrorCode } from './enclave.ts'

/** Ways in which the channel itself fails, as opposed to an operation that the enclave refused. */
export type ChannelErrorCode =
  /** The socket closed, or never opened; unanswered requests may or may not have been carried out. */
  | 'CHANNEL_CLOSED'
  /** One side broke the frame rules; the channel is closed. */
  | 'PROTOCOL_VIOLATION'
  /** The request's `timeoutMs` passed. */
  | 'TIMEOUT'
  /** The request was cancelled by its signal, or by the other side. */
  | 'CANCELLED'
  /** Too many requests wait for a free stream. */
  | 'TOO_MANY_REQUESTS'
  /** A body is longer than its reader allows. */
  | 'BODY_TOO_LARGE'

/** A failure of the channel. `message` is fixed text: never data that passed through it. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError'
  readonly code: ChannelErrorCode

  constructor(code: ChannelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * An operation that the enclave refused or could not do. `message` is fixed text of ours: never
 * upstream text, never a secret.
 */
export class EnclaveError extends Error {
  override readonly name = 'EnclaveError'
  readonly code: EnclaveErrorCode
  /** How long the other side wants to be left alone, where it said so. */
  readonly retryAfterMs: number | undefined
  /** Whether the upstream may have carried the call out, although there is no answer of it. */
  readonly mayHaveRun: boolean

  constructor(
    code: EnclaveErrorCode,
    message: string,
    options: ErrorOptions & {
      readonly retryAfterMs?: number | undefined
      readonly mayHaveRun?: boolean
    } = {},
  ) {
    super(message, options)
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.mayHaveRun = options.mayHaveRun ?? false
  }
}
