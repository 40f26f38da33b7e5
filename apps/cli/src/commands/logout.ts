import { Command } from 'commander'
import { print, printJson } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'

/** `holdfast logout` */
export function logoutCommand(): Command {
  return new Command('logout')
    .addHelpText('after', '\nExample:\n  $ holdfast logout')
    .action(async (_options, command: Command) => {
      const { client, issuer } = await openClient(command)
      await client.logout()
      if (wantsJson(command)) return printJson({ issuer, signed_in: false })
      return print(`Signed out of ${issuer}. The enclave's identity stays pinned.`)
    })
}
