import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { wantsJson } from '../commands/flags.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { isInteractive } from './secrets.ts'

/** Adds `--yes` to a command that calls {@link confirm}. */
export const addYesOption = (command: Command): Command =>
  command.option(
    '-y, --yes',
    'do not ask whether you are sure; nobody is asked on a pipe or with --json',
  )

/**
 * Asks a person at a terminal whether they are sure. A program, which cannot answer, is not asked:
 * on a pipe, with `--json` and with `--yes`.
 *
 * @throws CliError `INTERRUPTED` unless the answer is yes
 */
export async function confirm(command: Command, question: string): Promise<void> {
  const { yes } = command.opts<{ yes?: boolean }>()
  if (yes === true || wantsJson(command) || !isInteractive()) return
  if (/^\s*y(?:es)?\s*$/i.test(await answerTo(`${question} [y/N] `))) return
  throw new CliError('nothing was changed', {
    exitCode: exitCodes.interrupted,
    code: 'INTERRUPTED',
    fix: 'answer y, or give --yes',
  })
}

/** One line from the terminal; empty when it is closed or interrupted. */
function answerTo(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve) => {
    lines.once('SIGINT', () => lines.close())
    lines.once('close', () => {
      process.stderr.write('\n')
      resolve('')
    })
    lines.question(question, (answer) => {
      lines.removeAllListeners('close')
      lines.close()
      // Left open, the terminal would keep the command alive after its work is done.
      process.stdin.unref()
      resolve(answer)
    })
  })
}
