import { type ExitCode, exitCodes } from './exit-codes.ts'

/** A failure for people: one line what, optionally why, one line what to do, and the exit code. */
export class CliError extends Error {
  override readonly name: string = 'CliError'
  readonly exitCode: ExitCode
  readonly why: string | undefined
  readonly fix: string | undefined
  readonly code: string | undefined
  readonly requestId: string | undefined

  constructor(
    message: string,
    options: {
      readonly exitCode?: ExitCode
      readonly why?: string | undefined
      readonly fix?: string | undefined
      /** Machine-readable name, printed by `--json`. */
      readonly code?: string | undefined
      readonly requestId?: string | undefined
      readonly cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.exitCode = options.exitCode ?? exitCodes.error
    this.why = options.why
    this.fix = options.fix
    this.code = options.code
    this.requestId = options.requestId
  }
}

/** A command that cannot be carried out as it was given. */
export const usage = (message: string, fix: string): CliError =>
  new CliError(message, { exitCode: exitCodes.usage, code: 'USAGE', fix })

/** A wrong setting; names where it was set. */
export class ConfigError extends CliError {
  override readonly name = 'ConfigError'

  constructor(message: string, fix: string) {
    super(message, { exitCode: exitCodes.usage, fix, code: 'CONFIG_INVALID' })
  }
}
