import { Command } from 'commander'
import { note } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { repeat } from './repeat.ts'
import { showEntry, showList } from './show.ts'

interface Registration {
  readonly name: string
  readonly redirectUri?: readonly string[]
  readonly confidential?: boolean
}

/** `holdfast clients` */
export function clientsCommand(): Command {
  const clients = new Command('clients')
  clients
    .command('register')
    .description('register a client')
    .requiredOption('--name <name>', 'name that people see when they consent')
    .option('--redirect-uri <uri>', 'where users return to; may be repeated', repeat)
    .option('--confidential', 'give it a secret (printed once)')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast clients register --name Cursor --redirect-uri http://127.0.0.1/callback
  $ holdfast clients register --name nightly-job --confidential`,
    )
    .action(async (options: Registration, command: Command) => {
      const { client } = await openClient(command)
      const redirectUris = options.redirectUri ?? []
      const { client: created, client_secret: secret } = await client.clients.create({
        client_name: options.name,
        redirect_uris: redirectUris,
        ...(redirectUris.length === 0 && { grant_types: ['client_credentials'] }),
        token_endpoint_auth_method: options.confidential ? 'client_secret_basic' : 'none',
      })
      showEntry(command, secret === null ? created : { ...created, client_secret: secret })
      if (secret !== null && !wantsJson(command)) {
        note('The secret is shown only now. Keep it where only the client can read it.')
      }
    })
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
