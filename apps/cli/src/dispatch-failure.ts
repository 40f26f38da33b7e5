import { type DispatchErrorCode, dispatchErrors, type DispatchFailure } from '@holdfast/protocol'
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
  CONNECTION_NOT_FOUND: '`holdfast connections list` shows yours with their handles',
  ORG_MISMATCH: 'use a connection of your own: `holdfast connections list`',
  DECRYPTION_FAILED: 'give it its credential again: `holdfast connections rotate`',
  BAD_REQUEST:
    'if its policy forbids it: `holdfast connections show` says what is allowed, `holdfast connections allow` changes it',
  DOWNSTREAM_AUTH_FAILURE:
    'give it a new credential: `holdfast connections rotate`, or `holdfast connections reconnect` where you signed in',
  DOWNSTREAM_TLS_ERROR:
    'check the base URL; a certificate authority of your own goes into HOLDFAST_EXTRA_CA_FILE (docs/configuration.md)',
  ENCLAVE_UNAVAILABLE: 'try again; `holdfast status` shows whether the enclave runs',
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
    fix:
      operatorsFix(message) ??
      doubtfulFix(code, retryable) ??
      fixOf[code] ??
      (retryable ? 'try again; if it stays, see `holdfast doctor`' : undefined),
  })

/** What may be tried again otherwise, but not this call: it may have been carried out. */
const doubtfulFix = (code: DispatchErrorCode, retryable: boolean): string | undefined =>
  dispatchErrors[code].retryable && !retryable
    ? 'check at the API whether it happened before you try again'
    : undefined

/** The wire has one code for all that is refused; which setting of the server refused is in the words. */
function operatorsFix(message: string): string | undefined {
  const [setting] = /\bHOLDFAST_EGRESS_ALLOW\w*/.exec(message) ?? []
  return setting === undefined
    ? undefined
    : `whoever runs the server lists the host in ${setting} and restarts it (docs/egress.md); the policy of the connection has no part in it`
}
