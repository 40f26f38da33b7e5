import { Command } from 'commander'
import { note } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { showEntry, showList } from './show.ts'
import { wholeNumber } from './whole-number.ts'

interface Wanted {
  readonly label?: string
  readonly uses?: number
  readonly days?: number
}

/** `holdfast clients registration-token` */
export function registrationTokenCommand(): Command {
  const tokens = new Command('registration-token').description(
    'tokens with which clients register where registration is not open to everyone',
  )
  tokens
    .command('create')
    .description('make a token (printed once)')
    .option('--label <text>', 'what it is for')
    .option('--uses <n>', 'how many clients may register with it', wholeNumber(1, 999_999))
    .option('--days <n>', 'how long it works; default 7', wholeNumber(1, 999_999))
    .addHelpText(
      'after',
      '\nExample:\n  $ holdfast clients registration-token create --label "team laptops" --uses 20',
    )
    .action(async ({ label, uses, days }: Wanted, command: Command) => {
      const { client } = await openClient(command)
      const { registration: created, token } = await client.registrationTokens.create({
        ...(label !== undefined && { label }),
        ...(uses !== undefined && { uses }),
        ...(days !== undefined && { expires_in: days * 86_400 }),
      })
      showEntry(command, { ...created, token })
      if (!wantsJson(command)) note('The token is shown only now.')
    })
  tokens
    .command('list')
    .alias('ls')
    .description('list the tokens')
    .addHelpText('after', '\nExample:\n  $ holdfast clients registration-token list --json')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const columns = ['id', 'label', 'uses_left', 'expires_at', 'revoked_at']
      return showList(command, await client.registrationTokens.list(), columns, 'No tokens yet.')
    })
  tokens
    .command('revoke')
    .argument('<id>', 'token id')
    .description('revoke a token; clients that registered with it stay')
    .addHelpText('after', '\nExample:\n  $ holdfast clients registration-token revoke rt_01J…')
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.registrationTokens.revoke(id))
    })
  return tokens
}
