import { Command, Option } from 'commander'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { note } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { repeat } from './repeat.ts'
import { showEntry, showList } from './show.ts'

interface NewResourceOptions {
  readonly name?: string
  readonly scope?: readonly string[]
  readonly connection?: readonly string[]
  readonly dpop: 'off' | 'preferred' | 'required'
}

/** `holdfast resources` */
export function resourcesCommand(): Command {
  const resources = new Command('resources')
  resources
    .command('add')
    .argument('<uri>', 'canonical URI of the MCP server')
    .description('register a resource; prints the credentials of its own client once')
    .option('--name <name>', 'name that people see when they consent')
    .option('--scope <name=text>', 'scope and what it means in words; may be repeated', repeat)
    .option(
      '--connection <name>',
      'connection that it needs, such as github; may be repeated',
      repeat,
    )
    .addOption(
      new Option('--dpop <policy>', 'whether tokens must be bound to a key')
        .choices(['off', 'preferred', 'required'])
        .default('preferred'),
    )
    .addHelpText(
      'after',
      `
Example:
  $ holdfast resources add http://localhost:8000/mcp --name "Issue helper" \\
      --scope 'issues:read=Read your issues' --connection github`,
    )
    .action(async (uri: string, options: NewResourceOptions, command: Command) => {
      const { client } = await openClient(command)
      const created = await client.resources.create({
        resource: uri,
        name: options.name ?? new URL(uri).host,
        scopes: (options.scope ?? []).map(parseScope),
        connections: (options.connection ?? []).map((name) => ({ name })),
        dpop: options.dpop,
      })
      showEntry(command, created)
      if (!wantsJson(command)) {
        note('The client secret is shown only now. Give it to the MCP server as its own.')
      }
    })
  resources
    .command('list')
    .alias('ls')
    .description('list the resources')
    .addHelpText('after', '\nExample:\n  $ holdfast resources list')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const columns = ['id', 'resource', 'name', 'scopes', 'dpop']
      return showList(command, await client.resources.list(), columns, 'No resources yet.')
    })
  resources
    .command('remove')
    .alias('rm')
    .argument('<id>', 'resource id')
    .description('remove a resource; its tokens stop working')
    .addHelpText('after', '\nExample:\n  $ holdfast resources remove res_01J…')
    .action(async (id: string, _options, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, (await client.resources.revoke(id)) ?? { id, removed: true })
    })
  return resources
}

function parseScope(text: string): { name: string; description: string } {
  const [name = '', ...words] = text.split('=')
  const description = words.join('=').trim()
  if (name !== '' && description !== '') return { name, description }
  throw new CliError(`--scope ${name} lacks its meaning in words`, {
    exitCode: exitCodes.usage,
    code: 'USAGE',
    fix: `write --scope '${name || 'issues:read'}=What it allows, as people read it'`,
  })
}
