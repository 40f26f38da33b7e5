import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { usage } from '../errors.ts'
import { note } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { showEntry, showList } from './show.ts'

/** `holdfast clients pin` */
export function pinCommand(): Command {
  return new Command('pin')
    .argument('<file-or-url>', 'a saved document, or the URL from which the server fetches it now')
    .description('use this document of a client from now on, whatever its host says')
    .addHelpText(
      'after',
      `
The document is a client id metadata document: JSON with client_id (its own URL) and redirect_uris.
A pinned document needs no approval of its host, and no way out of the server.

Examples:
  $ holdfast clients pin ./claude-code.json
  $ holdfast clients pin https://vscode.dev/oauth/client-metadata.json`,
    )
    .action(async (what: string, _options, command: Command) => {
      const pin = /^https:\/\//i.test(what)
        ? { client_id: what }
        : { document: await readDocument(what) }
      const { client } = await openClient(command)
      showEntry(command, await client.clientDocuments.pin(pin))
    })
}

/** `holdfast clients unpin` */
export function unpinCommand(): Command {
  return new Command('unpin')
    .argument('<id>', 'client id: the URL of the document')
    .description('take the document from its host again')
    .addHelpText(
      'after',
      '\nExample:\n  $ holdfast clients unpin https://vscode.dev/oauth/client-metadata.json',
    )
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.clientDocuments.unpin(id))
    })
}

/** `holdfast clients bundled` */
export function bundledCommand(): Command {
  return new Command('bundled')
    .description('list the documents of well-known clients that come with the server')
    .addHelpText(
      'after',
      `
They are used only when their host cannot be reached. To replace one, pin another document; to use
none, set HOLDFAST_CLIENT_DOCUMENTS_BUNDLED=false.

Examples:
  $ holdfast clients bundled
  $ holdfast clients bundled --json`,
    )
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const { enabled, documents } = await client.clientDocuments.listBundled()
      if (!enabled && !wantsJson(command)) note('They are switched off by the settings.')
      const columns = ['name', 'client_id', 'as_of', 'source']
      return showList(command, documents, columns, 'None.')
    })
}

async function readDocument(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw usage(`cannot read ${file}`, 'give the path of a saved document, or its https URL')
  })
  try {
    return JSON.parse(text)
  } catch {
    throw usage(`${file} is not JSON`, 'save the document as its host serves it')
  }
}
