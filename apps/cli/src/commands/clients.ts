import { Command } from 'commander'
import { addYesOption, confirm } from '../terminal/confirm.ts'
import { decideCommand, forgetHostCommand } from './clients-decide.ts'
import { listCommand, showCommand } from './clients-list.ts'
import { bundledCommand, pinCommand, unpinCommand } from './clients-pin.ts'
import { registerCommand } from './clients-register.ts'
import { registrationTokenCommand } from './clients-registration-token.ts'
import { openClient } from './open-client.ts'
import { showEntry } from './show.ts'

/** `holdfast clients` */
export function clientsCommand(): Command {
  const clients = new Command('clients')
  clients.addCommand(registerCommand())
  clients.addCommand(listCommand())
  clients.addCommand(showCommand())
  addYesOption(clients.command('revoke'))
    .argument('<id>', 'client id')
    .description('revoke a client, its grants and tokens at once')
    .addHelpText('after', '\nExample:\n  $ holdfast clients revoke cli_01J… --yes')
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      await confirm(command, 'Revoke this client? Its grants and tokens stop working at once.')
      showEntry(command, await client.clients.revoke(id))
    })
  clients.addCommand(pinCommand())
  clients.addCommand(unpinCommand())
  clients.addCommand(bundledCommand())
  clients.addCommand(decideCommand('approve'))
  clients.addCommand(decideCommand('deny'))
  clients.addCommand(forgetHostCommand())
  clients.addCommand(registrationTokenCommand())
  return clients
}
