import { type DispatchErrorCode, dispatchErrors } from '@holdfast/protocol/dispatch'
import type { ConnectLinks } from './connect-links.ts'

/** Failures that happen on this side, before the authorization server took the request. */
const localErrors = {
  NO_CONNECTIONS: { retryable: false },
  CONNECTION_AMBIGUOUS: { retryable: false },
  NOT_CONFIGURED: { retryable: false },
  NOT_AUTHORIZED: { retryable: false },
  GATEWAY_UNREACHABLE: { retryable: true },
  UNEXPECTED_RESPONSE: { retryable: false },
} as const satisfies Record<string, { readonly retryable: boolean }>

/** Every code of a {@link DispatchError}: those of the wire and those of this side. */
export type DispatchFailureCode = DispatchErrorCode | keyof typeof localErrors

const allErrors: Readonly<Record<DispatchFailureCode, { readonly retryable: boolean }>> = {
  ...dispatchErrors,
  ...localErrors,
}

/**
 * A dispatch that brought no answer of the upstream. An upstream that answers 404 is not one.
 *
 * `message` may be shown to the caller of a tool: it holds no secret and no token.
 */
export class DispatchError extends Error {
  override readonly name = 'DispatchError'
  readonly code: DispatchFailureCode
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** Page on which the user makes or repairs the connection, where that would help. */
  readonly connectUrl: string | undefined
  /** Where this server, as its own client, asks whether the user has done so. */
  readonly pollUrl: string | undefined

  constructor(
    code: DispatchFailureCode,
    message: string,
    options: ErrorOptions & ConnectLinks & { readonly retryable?: boolean } = {},
  ) {
    super(message, options)
    this.code = code
    this.retryable = options.retryable ?? allErrors[code].retryable
    this.connectUrl = options.connectUrl
    this.pollUrl = options.pollUrl
  }
}
