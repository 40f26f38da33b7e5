import { Command } from 'commander'
import { openClient } from './open-client.ts'
import { showEntry, showList } from './show.ts'

interface Which {
  readonly documents?: boolean
  readonly hosts?: boolean
  readonly pinned?: boolean
}

/** `holdfast clients list` */
export function listCommand(): Command {
  return new Command('list')
    .alias('ls')
    .description('list the registered clients, or those that a document describes')
    .option('--documents', 'documents that were fetched, or could not be')
    .option('--hosts', 'hosts that wait for approval, are approved or denied')
    .option('--pinned', 'documents that are pinned')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast clients list --json
  $ holdfast clients list --hosts
  $ holdfast clients list --documents`,
    )
    .action(async (which: Which, command: Command) => {
      const { client } = await openClient(command)
      const documents = client.clientDocuments
      if (which.hosts) {
        const columns = ['host', 'decision', 'client_id', 'first_seen_at', 'decided_by']
        return showList(command, await documents.listHosts(), columns, 'No host is known yet.')
      }
      if (which.documents) {
        const columns = ['client_id', 'client_name', 'fetched_at', 'fresh_until', 'problem']
        return showList(command, await documents.listDocuments(), columns, 'No documents yet.')
      }
      if (which.pinned) {
        const columns = ['client_id', 'pinned_by', 'pinned_at']
        return showList(command, await documents.listPins(), columns, 'No document is pinned.')
      }
      const columns = ['client_id', 'client_name', 'source', 'redirect_uris', 'revoked_at']
      return showList(command, await client.clients.list(), columns, 'No clients yet.')
    })
}

/** `holdfast clients show` */
export function showCommand(): Command {
  return new Command('show')
    .argument('<id>', 'client id; also the URL of a document')
    .description('show a client: its metadata, where they come from, what is wrong with them')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast clients show dcr_2mNcV…
  $ holdfast clients show https://claude.ai/oauth/claude-code-client-metadata --json`,
    )
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.clientDocuments.show(id))
    })
}
