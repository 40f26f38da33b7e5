import { Command } from 'commander'
import { usage } from '../errors.ts'
import { note } from '../output.ts'
import { addYesOption, confirm } from '../terminal/confirm.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { repeat } from './repeat.ts'
import { showEntry, showList } from './show.ts'
import { wholeNumber } from './whole-number.ts'

interface Wanted {
  readonly test?: boolean
  readonly label?: string
  readonly resource?: readonly string[]
  readonly scope?: readonly string[]
  readonly connection?: readonly string[]
  readonly days?: number
  readonly neverExpires?: boolean
}

/** `holdfast api-keys` */
export function apiKeysCommand(): Command {
  const keys = new Command('api-keys')
  keys
    .command('create')
    .description('make a key (printed once) with which a program acts for you')
    .option('--label <text>', 'what it is for')
    .option('--test', 'a dsk-test- key, so that people tell it from a production key')
    .option('--resource <uri>', 'MCP server that it reaches; may be repeated; default all', repeat)
    .option(
      '--scope <name>',
      'scope that its tokens may have; may be repeated; default all',
      repeat,
    )
    .option(
      '--connection <name=handle>',
      'connection that its tokens may name; may be repeated; default all of yours',
      repeat,
    )
    .option('--days <n>', 'how long it works; default 90', wholeNumber(1, 3650))
    .option('--never-expires', 'it works until it is revoked')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast api-keys create --label nightly --resource http://localhost:8000/mcp \\
      --connection github=ddls:conn:01J…-github
  $ holdfast api-keys create --test --days 7 --json`,
    )
    .action(async (options: Wanted, command: Command) => {
      const { client } = await openClient(command)
      const { label, resource, scope, connection, days } = options
      const { properties, key } = await client.apiKeys.create({
        environment: options.test ? 'test' : 'live',
        ...(label !== undefined && { label }),
        ...(resource !== undefined && { resources: resource }),
        ...(scope !== undefined && { scopes: scope }),
        ...(connection !== undefined && {
          connections: Object.fromEntries(connection.map(nameAndHandle)),
        }),
        ...(days !== undefined && { expires_in: days * 86_400 }),
        ...(options.neverExpires && { expires_in: null }),
      })
      showEntry(command, { ...properties, key })
      if (!wantsJson(command)) {
        note('The key is shown only now. Whoever has it acts as you, within its limits.')
        if (resource === undefined && scope === undefined && connection === undefined) {
          note('It has none: --resource, --scope and --connection set them.')
        }
      }
    })
  keys
    .command('list')
    .alias('ls')
    .description('list your keys')
    .addHelpText('after', '\nExample:\n  $ holdfast api-keys list --json')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const columns = ['id', 'environment', 'label', 'expires_at', 'last_used_at', 'revoked_at']
      return showList(command, await client.apiKeys.list(), columns, 'No API keys yet.')
    })
  addYesOption(keys.command('revoke'))
    .argument('<id>', 'id of the key (ak_…), not the key')
    .description('revoke a key; it and its tokens stop working at once')
    .addHelpText('after', '\nExample:\n  $ holdfast api-keys revoke ak_01J…')
    .action(async (id: string, _options, command: Command) => {
      // The key must not reach logs and proxies as part of a URL.
      if (id.startsWith('dsk-'))
        throw usage('that is the key', 'give its id: holdfast api-keys list')
      const { client } = await openClient(command)
      await confirm(command, 'Revoke this key? It and its tokens stop working at once.')
      showEntry(command, await client.apiKeys.revoke(id))
    })
  return keys
}

function nameAndHandle(text: string): [name: string, handle: string] {
  const equals = text.indexOf('=')
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)]
  throw usage('--connection lacks its name', "write --connection 'github=ddls:conn:…'")
}
