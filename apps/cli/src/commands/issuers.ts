import { readFile } from 'node:fs/promises'
import type { IssuerTrust } from '@holdfast/client'
import { Command } from 'commander'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { addYesOption, confirm } from '../terminal/confirm.ts'
import { openClient } from './open-client.ts'
import { showEntry, showList } from './show.ts'

/** `holdfast issuers` */
export function issuersCommand(): Command {
  const issuers = new Command('issuers')
  issuers
    .command('add')
    .argument('<issuer>', 'the iss of its assertions, exactly as they spell it')
    .requiredOption(
      '--trust <file>',
      'what it is trusted for: uses, keys, subjects, clients, resources',
    )
    .description('trust the assertions of another server')
    .addHelpText(
      'after',
      `
The file is JSON, for example for a job on GitHub Actions:
  { "uses": ["workload"],
    "jwks_uri": "https://token.actions.githubusercontent.com/.well-known/jwks",
    "subjects": [{ "subject": "repo:acme/site:ref:refs/heads/main", "client": true }],
    "clients": ["cli_…"], "resources": ["https://mcp.acme.example/mcp"] }

Example:
  $ holdfast issuers add https://token.actions.githubusercontent.com --trust github.json`,
    )
    .action(async (issuer: string, { trust }: { trust: string }, command: Command) => {
      const rules = await readTrust(trust)
      const { client } = await openClient(command)
      showEntry(command, await client.issuers.create({ issuer, trust: rules }))
    })
  issuers
    .command('list')
    .alias('ls')
    .description('list the issuers that are trusted')
    .addHelpText('after', '\nExample:\n  $ holdfast issuers list --json')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const rows = (await client.issuers.list()).map((one) => ({ ...one, uses: one.trust.uses }))
      return showList(command, rows, ['id', 'issuer', 'uses', 'created_at'], 'No issuers yet.')
    })
  addYesOption(issuers.command('remove'))
    .alias('rm')
    .argument('<id>', 'id of the issuer')
    .description('stop trusting an issuer; the tokens that users got by its word stop working')
    .addHelpText('after', '\nExample:\n  $ holdfast issuers remove ti_01J… --yes')
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      await confirm(
        command,
        'Remove this issuer? What users got by its word stops working at once.',
      )
      showEntry(command, await client.issuers.revoke(id))
    })
  return issuers
}

async function readTrust(file: string): Promise<IssuerTrust> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as IssuerTrust
  } catch (cause) {
    throw new CliError(`${file} cannot be read as JSON`, {
      cause,
      exitCode: exitCodes.usage,
      code: 'USAGE',
      fix: 'see holdfast issuers add --help for what the file holds',
    })
  }
}
