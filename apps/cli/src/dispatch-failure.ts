import type { DispatchErrorCode, DispatchFailure } from '@holdfast/protocol'
import { CliError } from './errors.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

const exitCodeOf: Readonly<Record<DispatchErrorCode, ExitCode>> = {
  CONNECTION_NOT_FOUND: exitCodes.notFound,
  CONNECTION_REVOKED: exitCodes.conflict,
  CONNECTION_SUSPENDED: exitCodes.conflict,
  ORG_MISMATCH: exitCodes.forbidden,
  DECRYPTION_FAILED: exitCodes.error,
  INVALID_REQUEST: exitCodes.usage,
  BAD_REQUEST: exitCodes.forbidden,
  DOWNSTREAM_TIMEOUT: exitCodes.upstreamFailed,
  DOWNSTREAM_UNREACHABLE: exitCodes.upstreamFailed,
  DOWNSTREAM_TLS_ERROR: exitCodes.upstreamFailed,
  DOWNSTREAM_AUTH_FAILURE: exitCodes.upstreamFailed,
  DOWNSTREAM_RATE_LIMITED: exitCodes.upstreamFailed,
  ENCLAVE_UNAVAILABLE: exitCodes.serverUnreachable,
}

const fixOf: Readonly<Partial<Record<DispatchErrorCode, string>>> = {
  CONNECTION_SUSPENDED: 'its owner can resume it: `holdfast connections resume`',
  CONNECTION_REVOKED: 'make a new one: `holdfast connections add`',
  DOWNSTREAM_UNREACHABLE: 'check the base URL (`holdfast connections show`), then try again',
  DOWNSTREAM_TIMEOUT: 'try again, or allow more time',
}

/** A dispatch that failed, as an error for people. */
export const dispatchError = ({ code, message, retryable }: DispatchFailure): CliError =>
  new CliError(message, {
    exitCode: exitCodeOf[code],
    code,
    fix: fixOf[code] ?? (retryable ? 'try again; if it stays, see `holdfast doctor`' : undefined),
  })
