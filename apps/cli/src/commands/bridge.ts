import path from 'node:path'
import { Command, Option } from 'commander'
import { loadConfig } from '../config.ts'
import { exitCodes } from '../exit-codes.ts'
import { flagsOf, wantsJson } from './flags.ts'
import { commaList, repeat } from './repeat.ts'
import { wholeNumber } from './whole-number.ts'

const help = `
A client starts this command and speaks MCP with it over stdin and stdout; the bridge signs in at the
server, binds its tokens to a key of this machine (DPoP), renews them, and passes every message on.
The first request opens a browser, or with --device shows a code on stderr. Tokens are kept in the
folder of the profiles (mode 0600) and shared by all bridges of a profile. See docs/bridge.md.

Claude Desktop (claude_desktop_config.json) and Cursor (.cursor/mcp.json):
  { "mcpServers": { "issues": {
      "command": "holdfast", "args": ["bridge", "https://mcp.example/mcp"] } } }

VS Code (.vscode/mcp.json):
  { "servers": { "issues": {
      "type": "stdio", "command": "holdfast", "args": ["bridge", "https://mcp.example/mcp"] } } }

Examples:
  $ holdfast bridge https://mcp.example/mcp
  $ holdfast bridge https://mcp.example/mcp --device --dpop required
  $ claude mcp add issues -- holdfast bridge https://mcp.example/mcp`

interface Options {
  readonly device?: boolean
  readonly browser: boolean
  readonly scope?: readonly string[]
  readonly clientId?: string
  readonly clientMetadataUrl?: string
  readonly dpop: 'auto' | 'required' | 'off'
  readonly header?: readonly string[]
  readonly callbackPort?: number
}

/** `holdfast bridge` */
export function bridgeCommand(): Command {
  return new Command('bridge')
    .argument('<url>', 'URL of the MCP server (Streamable HTTP)')
    .option('--device', 'sign in with a browser on another device')
    .option('--no-browser', 'print the address to sign in at instead of opening a browser')
    .option(
      '--scope <list>',
      'ask for these scopes; else for those that the server names',
      commaList,
    )
    .option('--client-id <id>', 'public client that was registered by hand')
    .option('--client-metadata-url <url>', 'metadata document that is the client id (CIMD)')
    .addOption(
      new Option('--dpop <policy>', 'auto binds tokens where both servers can')
        .choices(['auto', 'required', 'off'])
        .default('auto'),
    )
    .option('--header <line>', "further header, as in 'X-Team: blue'; may be repeated", repeat)
    .option('--callback-port <port>', 'port of the redirect of the sign-in', wholeNumber(1, 65_535))
    .option('--allow-http', 'taken as by mcp-remote; plain http is for this machine only')
    .addHelpText('after', help)
    .action(async (target: string, options: Options, command: Command) => {
      const [{ runBridge }, { bridgeLog }, { parseHeaders, parseTarget }] = await Promise.all([
        import('../bridge/bridge.ts'),
        import('../bridge/log.ts'),
        import('../bridge/target.ts'),
      ])
      const { config } = loadConfig(flagsOf(command))
      await runBridge({
        url: parseTarget(target),
        headers: parseHeaders(options.header),
        folder: path.join(config.configDir, 'bridge'),
        profile: config.profile,
        registration: {
          ...(options.clientId !== undefined && {
            client: { clientId: options.clientId, method: 'none' },
          }),
          ...(options.clientMetadataUrl !== undefined && {
            clientMetadataUrl: options.clientMetadataUrl,
          }),
        },
        scopes: options.scope,
        dpop: options.dpop,
        device: options.device ?? false,
        browser: options.browser,
        port: options.callbackPort,
        log: bridgeLog(wantsJson(command)),
      })
      // A connection that is being closed must not keep a client waiting for our end.
      process.exit(exitCodes.ok)
    })
}
