import type { NeededConnection, ScopeDescription } from '@holdfast/client'
import { Command, InvalidArgumentError, Option } from 'commander'
import { usage } from '../errors.ts'
import { note } from '../output.ts'
import { addYesOption, confirm } from '../terminal/confirm.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { repeat } from './repeat.ts'
import { showEntry, showList } from './show.ts'

interface NewResourceOptions {
  readonly name?: string
  readonly scope?: readonly string[]
  readonly connection?: readonly string[]
  readonly calls?: readonly string[]
  readonly deployment?: boolean
  readonly dpop: 'off' | 'preferred' | 'required'
  readonly dpopNonce?: boolean
}

/** `holdfast resources` */
export function resourcesCommand(): Command {
  const resources = new Command('resources')
  resources
    .command('add')
    .argument('<uri>', 'canonical URI of the MCP server', resourceUri)
    .description('register a resource; prints the credentials of its own client once')
    .option('--name <name>', 'name that people see when they consent')
    .option('--deployment', 'also accept dispatches of a Dedalus runner')
    .option('--scope <name=text>', 'scope and what it means in words; may be repeated', repeat)
    .option(
      '--connection <name=text>',
      'connection that it needs, and what for; name or name:provider; may be repeated',
      repeat,
    )
    .option(
      '--calls <uri>',
      "registered resource that its server may call with its callers' tokens; may be repeated",
      repeat,
    )
    .addOption(
      new Option('--dpop <policy>', 'whether tokens must be bound to a key')
        .choices(['off', 'preferred', 'required'])
        .default('preferred'),
    )
    .option('--dpop-nonce', 'proofs for its tokens must carry a nonce of the server (RFC 9449)')
    .addHelpText(
      'after',
      `
Example:
  $ holdfast resources add http://localhost:8000/mcp --name "Issue helper" \\
      --scope 'issues:read=Read your issues' --connection 'github=Reads your issues'`,
    )
    .action(async (uri: string, options: NewResourceOptions, command: Command) => {
      const { client } = await openClient(command)
      const {
        resource,
        client: own,
        deployment,
      } = await client.resources.create({
        resource: uri,
        display_name: options.name ?? new URL(uri).host,
        ...(options.scope !== undefined && { scopes: options.scope.map(parseScope) }),
        connections: (options.connection ?? []).map(parseConnection),
        ...(options.calls !== undefined && { calls: options.calls }),
        dpop: options.dpop,
        dpop_nonce: options.dpopNonce ?? false,
        deployment: options.deployment ?? false,
      })
      showEntry(command, {
        ...resource,
        client_secret: own.secret,
        ...(deployment !== null && { deployment_secret: deployment.secret }),
      })
      if (!wantsJson(command)) {
        note('The secrets are shown only now. Give them to the MCP server and to nobody else.')
      }
    })
  resources.addCommand(updateCommand())
  resources
    .command('list')
    .alias('ls')
    .description('list the resources')
    .addHelpText('after', '\nExample:\n  $ holdfast resources list')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const columns = ['resource', 'display_name', 'scopes', 'connections', 'dpop']
      return showList(command, await client.resources.list(), columns, 'No resources yet.')
    })
  addYesOption(resources.command('remove'))
    .alias('rm')
    .argument('<uri>', 'URI of the resource')
    .description('remove a resource; its tokens stop working')
    .addHelpText('after', '\nExample:\n  $ holdfast resources remove http://localhost:8000/mcp')
    .action(async (uri: string, _options, command: Command) => {
      const { client } = await openClient(command)
      await confirm(command, 'Remove this resource? Its tokens and its own client stop at once.')
      showEntry(command, await client.resources.revoke(uri))
    })
  return resources
}

type ChangeOptions = Partial<Omit<NewResourceOptions, 'deployment'>>

function updateCommand(): Command {
  return new Command('update')
    .argument('<uri>', 'URI of the resource')
    .description('change a resource; what is not given stays')
    .option('--name <name>', 'name that people see when they consent')
    .option('--scope <name=text>', 'replaces all scopes; may be repeated', repeat)
    .option('--connection <name=text>', 'replaces all connections; may be repeated', repeat)
    .option('--no-connection', 'needs no connection any more')
    .addOption(
      new Option('--dpop <policy>', 'whether tokens must be bound to a key').choices([
        'off',
        'preferred',
        'required',
      ]),
    )
    .option('--dpop-nonce', 'proofs for its tokens must carry a nonce of the server')
    .option('--no-dpop-nonce', 'proofs need no nonce')
    .addHelpText(
      'after',
      `
Takes effect with the next token. Scopes and connections are replaced as a whole.

Examples:
  $ holdfast resources update http://localhost:8000/mcp --dpop required
  $ holdfast resources update http://localhost:8000/mcp --scope 'issues:read=Read your issues' \\
      --scope 'issues:write=Change your issues'`,
    )
    .action(async (uri: string, options: ChangeOptions, command: Command) => {
      const { client } = await openClient(command)
      const { name, scope, connection, dpop, dpopNonce } = options as ChangeOptions & {
        readonly connection?: readonly string[] | false
      }
      const changes = {
        ...(name !== undefined && { display_name: name }),
        ...(scope !== undefined && { scopes: scope.map(parseScope) }),
        ...(connection === false && { connections: [] }),
        ...(Array.isArray(connection) && {
          connections: (connection as readonly string[]).map(parseConnection),
        }),
        ...(dpop !== undefined && { dpop }),
        ...(dpopNonce !== undefined && { dpop_nonce: dpopNonce }),
      }
      if (Object.keys(changes).length === 0) {
        throw usage('nothing to change was given', 'see `holdfast resources update --help`')
      }
      showEntry(command, await client.resources.update(uri, changes))
    })
}

function resourceUri(uri: string): string {
  if (/^https?:$/.test(URL.parse(uri)?.protocol ?? '')) return uri
  throw new InvalidArgumentError('It must be the URL of an MCP server, with http:// or https://.')
}

const parseScope = (text: string): ScopeDescription => {
  const [name, description] = nameAndWords('--scope', text)
  return { name, description }
}

function parseConnection(text: string): NeededConnection {
  const [names, description] = nameAndWords('--connection', text)
  const [name = names, provider = name] = names.split(':')
  return { name, provider, description }
}

/** @throws CliError when the words are missing: people decide by them */
function nameAndWords(option: string, text: string): [name: string, words: string] {
  const equals = text.indexOf('=')
  const name = text.slice(0, equals)
  const words = text.slice(equals + 1).trim()
  if (equals > 0 && words !== '') return [name, words]
  throw usage(
    `${option} lacks its meaning in words`,
    `write ${option} 'name=What it is for, as people read it when they consent'`,
  )
}
