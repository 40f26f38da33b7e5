import { text as readAll } from 'node:stream/consumers'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

let stdinTaken = false

/** Everything on stdin without its last line break. One secret per call of the program. */
async function fromStdin(option: string): Promise<string> {
  if (stdinTaken) throw usage('stdin can give only one value', `drop one of the --…-stdin options`)
  if (process.stdin.isTTY) throw usage(`${option} waits for a pipe`, `leave it out to be asked`)
  stdinTaken = true
  const value = (await readAll(process.stdin)).replace(/\r?\n$/, '')
  if (value === '')
    throw usage('stdin is empty', `pipe the value in, as in \`pass show x | holdfast …\``)
  return value
}

/**
 * A secret, from a pipe or a hidden prompt; never from an argument.
 *
 * @param options.stdin - whether the `--…-stdin` option was given
 * @param options.twice - a new secret that is typed unseen is asked for again
 * @throws CliError when there is neither a pipe nor a terminal
 */
export async function readSecret(options: {
  readonly stdin: boolean
  readonly option: string
  readonly message: string
  readonly twice?: boolean
}): Promise<string> {
  if (options.stdin) return fromStdin(options.option)
  requireTerminal(options.option)
  const { password } = await import('@clack/prompts')
  const value = answered(
    await password({
      message: options.message,
      output: process.stderr,
      validate: (typed) => (typed ? undefined : 'Enter a value.'),
    }),
  )
  if (options.twice) {
    answered(
      await password({
        message: 'The same again',
        output: process.stderr,
        validate: (typed) => (typed === value ? undefined : 'This is not what you typed first.'),
      }),
    )
  }
  return value
}

/** A value that may be seen while it is typed. */
export async function ask(message: string, option: string): Promise<string> {
  requireTerminal(option)
  const { text } = await import('@clack/prompts')
  return answered(
    await text({
      message,
      output: process.stderr,
      validate: (value) => (value ? undefined : 'Enter a value.'),
    }),
  )
}

function answered(value: unknown): string {
  if (typeof value === 'string') return value
  throw new CliError('interrupted', { exitCode: exitCodes.interrupted, code: 'INTERRUPTED' })
}

/** Whether somebody can be asked. */
export const isInteractive = (): boolean => process.stdin.isTTY && process.stderr.isTTY

function requireTerminal(option: string): void {
  if (isInteractive()) return
  throw usage('there is no terminal to ask at', `give ${option}`)
}
