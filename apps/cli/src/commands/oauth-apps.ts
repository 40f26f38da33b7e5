import { parseConnectionHandle } from '@holdfast/protocol'
import { Command, Option } from 'commander'
import { loadConfig } from '../config.ts'
import { localCatalog } from '../connect/load-catalog.ts'
import { type AppOptions, planOAuthApp } from '../connect/oauth-app.ts'
import { note } from '../output.ts'
import { addYesOption, confirm } from '../terminal/confirm.ts'
import { readSecret } from '../terminal/secrets.ts'
import { flagsOf, wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { commaList, repeat } from './repeat.ts'
import { showEntry, showList } from './show.ts'

const help = `
Register an OAuth client at the provider first, with the redirect URI that this command prints (it is
<server>/oauth/callback). The client secret is asked for without showing it, or read from stdin; it is
sealed on this machine, and neither the server nor anybody who connects with it ever sees it.

A provider of the catalog knows its endpoints. Any other one, and another installation of one that people
run themselves, is described by --base-url, --authorization-endpoint and --token-endpoint. Tokens of the app
go to the host of --base-url only.

Examples:
  $ holdfast oauth-apps add github --client-id Iv1.8a61f9b3a7aba766 --scopes repo,read:user
  $ pass show acme/oauth | holdfast oauth-apps add acme --client-id holdfast --client-secret-stdin \\
      --base-url https://api.acme.example --authorization-endpoint https://acme.example/authorize \\
      --token-endpoint https://acme.example/token --provider-issuer https://acme.example`

interface AddOptions extends AppOptions {
  readonly label?: string
  readonly clientSecretStdin?: boolean
}

/** `holdfast oauth-apps` */
export function oauthAppsCommand(): Command {
  const apps = new Command('oauth-apps')
  apps.addCommand(addCommand())
  apps
    .command('list')
    .alias('ls')
    .description('list the OAuth clients that connections can be made with')
    .addHelpText('after', '\nExample:\n  $ holdfast oauth-apps list --json')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const columns = ['handle', 'provider', 'label', 'status', 'base_url', 'created_at']
      const empty = 'No OAuth apps yet. An administrator adds one: holdfast oauth-apps add --help'
      return showList(command, await client.oauthApps.list(), columns, empty)
    })
  addYesOption(apps.command('revoke'))
    .argument('<handle>', 'handle of the OAuth app', parseConnectionHandle)
    .description('delete an OAuth client that no connection uses any more')
    .addHelpText('after', '\nExample:\n  $ holdfast oauth-apps revoke ddls:conn:01J…-github')
    .action(async (handle: string, _options, command: Command) => {
      const { client } = await openClient(command)
      await confirm(command, 'Delete this OAuth client? Its secret cannot be read again.')
      showEntry(command, await client.oauthApps.revoke(handle))
    })
  return apps
}

function addCommand(): Command {
  return new Command('add')
    .argument('<provider>', 'short name of the provider, such as github')
    .description('seal an OAuth client, so that people can connect accounts with it')
    .requiredOption('--client-id <id>', 'client id at the provider')
    .option('--client-secret-stdin', 'read the client secret from stdin')
    .option('--scopes <list>', 'what is asked for by default', commaList)
    .option('--label <text>', 'label for people')
    .option('--set <name=value>', 'a value of the catalog, such as the tenant', repeat)
    .option('--base-url <url>', 'https URL of the API')
    .option('--authorization-endpoint <url>', 'page where people allow it')
    .option('--token-endpoint <url>', 'where codes and refresh tokens are redeemed')
    .option('--revocation-endpoint <url>', 'where tokens are ended (RFC 7009)')
    .option('--provider-issuer <url>', 'its issuer, compared with `iss` of answers (RFC 9207)')
    .option('--parameter <name=value>', 'further parameter of the authorization request', repeat)
    .addOption(
      new Option('--auth-method <method>', 'how the client secret is sent').choices([
        'client_secret_basic',
        'client_secret_post',
        'none',
      ]),
    )
    .addHelpText('after', help)
    .action(add)
}

async function add(provider: string, options: AddOptions, command: Command): Promise<void> {
  const { client, issuer } = await openClient(command)
  const catalog = localCatalog(loadConfig(flagsOf(command)).config)
  const { app, baseUrl, registerUrl } = planOAuthApp(catalog, provider, options)
  // Before the secret is asked for: a missing sign-in must not cost it.
  await client.token('management')
  if (registerUrl !== undefined && options.clientSecretStdin !== true) {
    note(
      `The client is registered at ${registerUrl}, with the redirect URI ${issuer}/oauth/callback`,
    )
  }
  const isPublic = app.token_endpoint_auth_method === 'none'
  const secret = isPublic
    ? undefined
    : new TextEncoder().encode(
        await readSecret({
          stdin: options.clientSecretStdin === true,
          option: '--client-secret-stdin',
          message: 'Client secret (not shown)',
        }),
      )
  try {
    const made = await client.oauthApps.create({
      provider,
      baseUrl,
      app,
      label: options.label,
      clientSecret: secret,
    })
    showEntry(command, made)
    if (wantsJson(command)) return
    note('The provider must have this redirect URI on its list for the client.')
    note(`Next: holdfast connections add-oauth ${made.handle}`)
  } finally {
    secret?.fill(0)
  }
}
