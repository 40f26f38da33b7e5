import type { Command, CommanderError } from 'commander'
import { CliError } from './errors.ts'
import { exitCodes } from './exit-codes.ts'

/** A command line that cannot be understood, with where to read how it is meant. */
export function usageError({ code, message }: CommanderError, command: Command): CliError {
  const [what = '', suggestion] = message.replace(/^error: /, '').split('\n')
  return new CliError(
    // The help itself was printed.
    code === 'commander.help' ? 'a command is missing' : withoutValue(what),
    {
      exitCode: exitCodes.usage,
      code: 'USAGE',
      why: suggestion?.replace(/^\((.*)\)$/, '$1'),
      fix: `see \`${pathOf(command)} --help\``,
    },
  )
}

const pathOf = (command: Command): string =>
  command.parent === null ? 'holdfast' : `${pathOf(command.parent)} ${command.name()}`

/** The value of an unknown option, a wrong one, or an argument too many may be a secret meant for somewhere else. */
const withoutValue = (text: string): string =>
  text
    .replaceAll(/'(--?[^'=]+)=[^']*'/g, "'$1'")
    .replace(/(but got \d+): .*\./s, '$1.')
    .replace(/ (argument|value) '.*' is invalid/s, ' $1 is invalid')
