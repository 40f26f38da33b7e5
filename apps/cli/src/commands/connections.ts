import { parseConnectionHandle } from '@holdfast/protocol'
import { Command } from 'commander'
import { addYesOption, confirm } from '../terminal/confirm.ts'
import { addConnectionCommand } from './connections-add.ts'
import { allowCommand } from './connections-allow.ts'
import { linkCommand } from './connections-link.ts'
import { addOAuthCommand, reconnectCommand } from './connections-oauth.ts'
import { rotateCommand } from './connections-rotate.ts'
import { testConnectionCommand } from './connections-test.ts'
import { openClient } from './open-client.ts'
import { showEntry, showList } from './show.ts'
import { usedBy } from './used-by.ts'

const listHelp = `
USED BY names who may call through a connection: MCP servers, or \`direct\` for your own \`holdfast call\`.
What each may do there is in \`holdfast connections show\`, and for all of them in --json.

Examples:
  $ holdfast connections list
  $ holdfast connections list --json | jq '.[] | {handle, status, policy}'`

/** `holdfast connections` */
export function connectionsCommand(): Command {
  const connections = new Command('connections')
  connections.addCommand(addConnectionCommand())
  connections.addCommand(linkCommand())
  connections.addCommand(addOAuthCommand())
  connections.addCommand(reconnectCommand())
  connections
    .command('list')
    .alias('ls')
    .description('list your connections')
    .addHelpText('after', listHelp)
    .action(async (_options, command: Command) => {
      const { client, issuer } = await openClient(command)
      const connections = await client.connections.list()
      return showList(
        command,
        connections,
        [
          ...['handle', 'label', 'account', 'status'],
          ['used_by', (connection) => usedBy(connection, issuer)],
          'last_used_at',
        ],
        'No connections yet. Next: holdfast connections add --help',
      )
    })
  connections
    .command('show')
    .argument('<handle>', 'connection handle', parseConnectionHandle)
    .description('show one connection; its credential cannot be shown')
    .addHelpText('after', '\nExample:\n  $ holdfast connections show ddls:conn:01J…-github')
    .action(async (handle: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.connections.get(handle))
    })
  connections.addCommand(testConnectionCommand())
  connections.addCommand(allowCommand())
  connections.addCommand(rotateCommand())
  connections
    .command('label')
    .argument('<handle>', 'connection handle', parseConnectionHandle)
    .argument('<text>')
    .description('change the label that people see')
    .addHelpText('after', '\nExample:\n  $ holdfast connections label ddls:conn:01J…-github "work"')
    .action(async (handle: string, label: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.connections.setLabel(handle, label))
    })
  const changes = {
    pause: 'refuse every call until it is resumed',
    resume: 'allow calls again',
  } as const
  for (const change of ['pause', 'resume'] as const) {
    connections
      .command(change)
      .argument('<handle>', 'connection handle', parseConnectionHandle)
      .description(changes[change])
      .addHelpText('after', `\nExample:\n  $ holdfast connections ${change} ddls:conn:01J…-github`)
      .action(async (handle: string, _options, command: Command) => {
        const { client } = await openClient(command)
        showEntry(command, await client.connections[change](handle))
      })
  }
  addYesOption(connections.command('revoke'))
    .argument('<handle>', 'connection handle', parseConnectionHandle)
    .description('delete the credential for good')
    .addHelpText('after', '\nExample:\n  $ holdfast connections revoke ddls:conn:01J…-github --yes')
    .action(async (handle: string, _options, command: Command) => {
      const { client } = await openClient(command)
      await confirm(command, 'Revoke this connection? Its credential is deleted for good.')
      showEntry(command, await client.connections.revoke(handle))
    })
  return connections
}
