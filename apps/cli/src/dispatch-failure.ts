import type { DispatchErrorCode, DispatchFailure } from '@holdfast/protocol'
import { CliError } from './errors.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

const exitCodeOf: Readonly<Record<DispatchErrorCode, ExitCode>> = {
  CONNECTION_NOT_FOUND: exitCodes.notFound,
  CONNECTION_REVOKED: exitCodes.conflict,
  CONNECTION_SUSPENDED: exitCodes.conflict,
  ORG_MISMATCH: exitCodes.forbidden,
  DECRYPTION_FAILED: exitCodes.error,
  INVALID_REQUEST: exitCodes.forbidden,
  BAD_REQUEST: exitCodes.usage,
  DOWNSTREAM_TIMEOUT: exitCodes.upstreamFailed,
  DOWNSTREAM_UNREACHABLE: exitCodes.upstreamFailed,
  DOWNSTREAM_TLS_ERROR: exitCodes.upstreamFailed,
  DOWNSTREAM_AUTH_FAILURE: exitCodes.upstreamFailed,
  DOWNSTREAM_RATE_LIMITED: exitCodes.upstreamFailed,
  ENCLAVE_UNAVAILABLE: exitCodes.serverUnreachable,
}

/** A dispatch that failed, as an error for people. */
export const dispatchError = ({ code, message, retryable }: DispatchFailure): CliError =>
  new CliError(message, {
    exitCode: exitCodeOf[code],
    code,
    fix: retryable ? 'try again; if it stays, see `holdfast doctor`' : undefined,
  })
