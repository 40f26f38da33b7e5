import { styleText } from 'node:util'
import { CommanderError } from 'commander'
import { CliError } from './errors.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { asCalledHere, note, withoutControls } from './output.ts'
import { forSameTarget } from './same-target.ts'

/** The parts of `ClientError` that matter here; named so as not to load the SDK for a usage error. */
interface RemoteFailure {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly fix?: string
  readonly requestId?: string
  readonly fields?: readonly { readonly pointer: string; readonly detail: string }[]
}

const exitCodeOfRemote: Readonly<Record<string, ExitCode>> = {
  NOT_SIGNED_IN: exitCodes.notSignedIn,
  SESSION_EXPIRED: exitCodes.notSignedIn,
  UNAUTHORIZED: exitCodes.notSignedIn,
  FORBIDDEN: exitCodes.forbidden,
  NOT_FOUND: exitCodes.notFound,
  CONFLICT: exitCodes.conflict,
  INVALID_REQUEST: exitCodes.usage,
  PLAINTEXT_REFUSED: exitCodes.usage,
  INVALID_HANDLE: exitCodes.usage,
  INVALID_HOST: exitCodes.usage,
  INVALID_PATH: exitCodes.usage,
  INVALID_ENVELOPE: exitCodes.usage,
  SERVER_UNREACHABLE: exitCodes.serverUnreachable,
  IDENTITY_CHANGED: exitCodes.checkFailed,
  INVALID_PROVIDER: exitCodes.usage,
  INVALID_PROVIDER_FILE: exitCodes.usage,
  INVALID_VARIABLE: exitCodes.usage,
  KIND_NOT_SUPPORTED: exitCodes.usage,
  MISSING_VARIABLE: exitCodes.usage,
  UNKNOWN_KIND: exitCodes.usage,
  UNKNOWN_OPERATION: exitCodes.usage,
}

const startServer = 'start the server with `holdfast up`, or name another one with --issuer'

/** What helps at a command line where the SDK says nothing. */
const usualFixes: Readonly<Record<string, string>> = {
  BINDING_REFUSED: 'do not go on: ask the operator of the server',
  FORBIDDEN: 'sign in again and allow it: `holdfast login`',
  INVALID_HANDLE: '`holdfast connections list` shows the handles of yours',
  INVALID_KEY_SET:
    'do not go on: ask the operator of the server, who finds out with `holdfast doctor`',
  INVALID_PATH: 'write it as below the base URL, such as /user?page=2',
  KEY_NOT_VALID_NOW: 'the operator makes a new one: `holdfast keys rotate --what sealing`',
  LOGIN_FAILED: 'try again; on a machine without a browser `holdfast login --device`',
  RATE_LIMITED: 'wait a minute, then try again',
  SERVER_ERROR: 'run `holdfast doctor`; `holdfast status` says where the logs of the server lie',
}

/** Any error as one for people. */
function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  if (isRemoteFailure(error)) {
    return new CliError(error.message, {
      exitCode: exitCodeOfRemote[error.code] ?? exitCodes.error,
      code: error.code,
      fix:
        error.code === 'SERVER_UNREACHABLE'
          ? startServer
          : forSameTarget(error.fix ?? usualFixes[error.code] ?? '', process.argv) || undefined,
      why:
        error.fields?.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; ') || undefined,
      requestId: error.requestId,
      cause: error,
    })
  }
  const message = error instanceof Error ? error.message || error.name : String(error)
  return new CliError(message, { code: 'UNEXPECTED', cause: error })
}

const isRemoteFailure = (error: unknown): error is RemoteFailure =>
  error instanceof Error &&
  ['ClientError', 'ProtocolError', 'ProviderError'].includes(error.name) &&
  'code' in error

/** Prints a failure (stderr, or JSON on `output`) and returns the exit code. */
export function reportFailure(
  error: unknown,
  json: boolean,
  output: NodeJS.WritableStream = process.stdout,
): ExitCode {
  // The version or a help, which was printed.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  const failure = toCliError(error)
  if (json) {
    printJson(output, failure.code ?? 'ERROR', failure.message, failure)
    return failure.exitCode
  }
  tell(`${styleText('red', 'error', { stream: process.stderr })} `, failure.message)
  tell('  why: ', failure.why)
  tell('  fix: ', failure.fix)
  tell('  request id: ', failure.requestId)
  return failure.exitCode
}

/** A line, or several, of text that may be a server's own. */
function tell(label: string, text: string | undefined): void {
  if (text) note(label + text.split('\n').map(withoutControls).join('\n'))
}

function printJson(
  output: NodeJS.WritableStream,
  code: string,
  message: string,
  {
    why,
    fix,
    requestId,
  }: { why?: string | undefined; fix?: string | undefined; requestId?: string | undefined },
): void {
  const body = {
    error: {
      code,
      message: asCalledHere(message),
      why: why && asCalledHere(why),
      fix: fix && asCalledHere(fix),
      request_id: requestId,
    },
  }
  output.write(`${JSON.stringify(body, undefined, 2)}\n`)
}
