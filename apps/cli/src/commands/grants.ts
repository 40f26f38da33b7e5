import { Command } from 'commander'
import { openClient } from './open-client.ts'
import { showEntry, showList } from './show.ts'

/** `holdfast grants` */
export function grantsCommand(): Command {
  const grants = new Command('grants')
  grants
    .command('list')
    .alias('ls')
    .description('list the apps that you gave access')
    .addHelpText('after', '\nExample:\n  $ holdfast grants list')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const columns = ['id', 'client_id', 'resource', 'scopes', 'created_at']
      return showList(command, await client.grants.list(), columns, 'You gave no access yet.')
    })
  grants
    .command('revoke')
    .argument('<id>', 'grant id')
    .description('take access away; it ends with the next request')
    .addHelpText('after', '\nExample:\n  $ holdfast grants revoke 9Kx…')
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.grants.revoke(id))
    })
  return grants
}
