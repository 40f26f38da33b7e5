import { Command } from 'commander'
import { registerCommand } from './clients-register.ts'
import { openClient } from './open-client.ts'
import { showEntry, showList } from './show.ts'

/** `holdfast clients` */
export function clientsCommand(): Command {
  const clients = new Command('clients')
  clients.addCommand(registerCommand())
  clients
    .command('list')
    .alias('ls')
    .description('list the clients')
    .addHelpText('after', '\nExample:\n  $ holdfast clients list --json')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const columns = ['client_id', 'client_name', 'source', 'redirect_uris', 'revoked_at']
      return showList(command, await client.clients.list(), columns, 'No clients yet.')
    })
  clients
    .command('revoke')
    .argument('<id>', 'client id')
    .description('revoke a client, its grants and tokens at once')
    .addHelpText('after', '\nExample:\n  $ holdfast clients revoke cli_01J…')
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.clients.revoke(id))
    })
  return clients
}
