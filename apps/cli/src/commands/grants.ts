import { Command, InvalidArgumentError } from 'commander'
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
    .argument('<id>', 'grant id', grantId)
    // Some ids begin with a dash; what is no id is refused by its form.
    .allowUnknownOption()
    .description('take access away; it ends with the next request')
    .addHelpText('after', '\nExample:\n  $ holdfast grants revoke 9Kx…')
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.grants.revoke(id))
    })
  return grants
}

function grantId(text: string): string {
  if (/^[\w-]{20,128}$/.test(text) && !text.startsWith('--')) return text
  throw new InvalidArgumentError('It must be a grant id, as grants list shows them.')
}
