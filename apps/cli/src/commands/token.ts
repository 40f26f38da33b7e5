import { readClaims } from '@holdfast/client'
import { Command } from 'commander'
import { note, print, printJson } from '../output.ts'
import { openClient } from './open-client.ts'

const help = `
Prints the claims, not the token. --show prints the token itself: it is bound to this profile's key,
so it only works together with a DPoP proof of that key.

Examples:
  $ holdfast token
  $ holdfast token --dispatch --show`

/** `holdfast token` */
export function tokenCommand(): Command {
  return new Command('token')
    .option('--dispatch', 'the one for `holdfast call`')
    .option('--show', 'print the token itself')
    .addHelpText('after', help)
    .action(async (options: { dispatch?: boolean; show?: boolean }, command: Command) => {
      const { client } = await openClient(command)
      const { accessToken } = await client.token(options.dispatch ? 'dispatch' : 'management')
      if (!options.show) return printJson(readClaims(accessToken))
      note('Anybody who has this token and the key of this profile acts as you until it ends.')
      return print(accessToken)
    })
}
