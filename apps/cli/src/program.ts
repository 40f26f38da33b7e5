import { Command } from 'commander'
import { asCalledHere, commandName } from './output.ts'
import { usageError } from './usage-error.ts'
import { version } from './version.ts'

const exitCodeHelp = `
Exit codes:
  0 ok · 1 error · 2 usage · 3 not signed in · 4 forbidden · 5 not found · 6 conflict
  7 upstream failed · 8 server unreachable · 9 check failed · 130 interrupted

Examples:
  $ holdfast up
  $ holdfast setup
  $ holdfast login
  $ holdfast connections add github --allow read
  $ holdfast call ddls:conn:01J…-github GET /user`

interface CommandEntry {
  readonly description: string
  readonly load: () => Promise<Command>
}

/** Every command. Only what is called gets loaded: the SDK and libsodium take longer than most commands. */
const commands: Readonly<Record<string, CommandEntry>> = {
  up: {
    description: 'start the server and keep it running',
    load: async () => (await import('./commands/up.ts')).upCommand(),
  },
  status: {
    description: 'show the running processes, the isolation level and where data lies',
    load: async () => (await import('./commands/status.ts')).statusCommand(),
  },
  doctor: {
    description: 'check the installation and say how to fix what is wrong',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
  setup: {
    description: 'create the first administrator',
    load: async () => (await import('./commands/setup.ts')).setupCommand(),
  },
  login: {
    description: 'sign in',
    load: async () => (await import('./commands/login.ts')).loginCommand(),
  },
  logout: {
    description: 'revoke the tokens of this profile and forget them',
    load: async () => (await import('./commands/logout.ts')).logoutCommand(),
  },
  connections: {
    description: 'connections: sealed credentials, named by handles',
    load: async () => (await import('./commands/connections.ts')).connectionsCommand(),
  },
  providers: {
    description: 'the catalog of providers: list, show, lint',
    load: async () => (await import('./commands/providers.ts')).providersCommand(),
  },
  'oauth-apps': {
    description: 'OAuth clients at providers: add, list, revoke',
    load: async () => (await import('./commands/oauth-apps.ts')).oauthAppsCommand(),
  },
  call: {
    description: 'call an API by handle',
    load: async () => (await import('./commands/call.ts')).callCommand(),
  },
  bridge: {
    description: 'connect a stdio MCP client to a protected server, with bound tokens',
    load: async () => (await import('./commands/bridge.ts')).bridgeCommand(),
  },
  token: {
    description: 'show a fresh access token of this profile',
    load: async () => (await import('./commands/token.ts')).tokenCommand(),
  },
  'api-keys': {
    description: 'keys with which programs act for you: create, list, revoke',
    load: async () => (await import('./commands/api-keys.ts')).apiKeysCommand(),
  },
  issuers: {
    description: 'other servers whose assertions are believed: add, list, remove',
    load: async () => (await import('./commands/issuers.ts')).issuersCommand(),
  },
  clients: {
    description: 'OAuth clients: register, list, show, pin, approve, revoke',
    load: async () => (await import('./commands/clients.ts')).clientsCommand(),
  },
  resources: {
    description: 'resources (MCP servers): add, update, list, remove',
    load: async () => (await import('./commands/resources.ts')).resourcesCommand(),
  },
  users: {
    description: 'people: invite, list, revoke',
    load: async () => (await import('./commands/users.ts')).usersCommand(),
  },
  grants: {
    description: 'what you allowed: list, revoke',
    load: async () => (await import('./commands/grants.ts')).grantsCommand(),
  },
  audit: {
    description: 'the audit log: list, export, verify',
    load: async () => (await import('./commands/audit.ts')).auditCommand(),
  },
  keys: {
    description: 'keys of the server: list, rotate, trust',
    load: async () => (await import('./commands/keys.ts')).keysCommand(),
  },
  config: {
    description: 'show the configuration',
    load: async () => (await import('./commands/config.ts')).configCommand(),
  },
}

/** The command line, with those commands loaded that the arguments may mean. */
export async function buildProgram(args: readonly string[]): Promise<Command> {
  const program = new Command(commandName())
    .description('Self-hostable OAuth authorization server with a sealed credential vault for MCP.')
    .version(version)
    .option('--json', 'print JSON instead of text')
    .option('--no-color', 'never colour the output (also NO_COLOR)')
    .option('--issuer <url>', 'server to talk to (HOLDFAST_ISSUER)')
    .option('--profile <name>', 'profile to sign in with (HOLDFAST_PROFILE)')
    .option('--config-dir <folder>', 'folder of the profiles (HOLDFAST_CONFIG_DIR)')
    .option('--data-dir <folder>', 'data folder of the server (HOLDFAST_DATA_DIR)')
    .option('--config <file>', 'JSON file with settings (HOLDFAST_CONFIG)')
    .showSuggestionAfterError(true)
    .addHelpText('after', exitCodeHelp)
  for (const [name, { description, load }] of Object.entries(commands)) {
    const command = args.includes(name) ? await load() : new Command(name)
    program.addCommand(command.description(description))
  }
  for (const command of walk(program)) {
    command.configureOutput({
      writeOut: (text) => void process.stdout.write(asCalledHere(text)),
      writeErr: (text) => void process.stderr.write(asCalledHere(text)),
      // A usage error is told like every other one, where it is caught.
      outputError: () => undefined,
    })
    command.exitOverride((error) => {
      // A help that was printed is answer enough for a person.
      const isSaid = error.code === 'commander.help' && !args.includes('--json')
      throw error.exitCode === 0 || isSaid ? error : usageError(error, command)
    })
  }
  return program
}

function* walk(command: Command): Generator<Command> {
  yield command
  for (const child of command.commands) yield* walk(child)
}
