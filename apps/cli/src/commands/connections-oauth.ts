import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ConnectionView } from '@holdfast/client'
import { parseConnectionHandle } from '@holdfast/protocol'
import { Command } from 'commander'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { identifyNew } from '../connect/identify.ts'
import { note, print, printJson } from '../output.ts'
import { openBrowser } from '../terminal/browser.ts'
import { wantsJson } from './flags.ts'
import { noteIdentity } from './identity-line.ts'
import { openClient } from './open-client.ts'
import {
  addPolicyOptions,
  policyOf,
  type PolicyOptions,
  requireWholePolicy,
} from './policy-options.ts'
import { commaList } from './repeat.ts'

const addHelp = `
Opens the provider's page in the browser, where you allow access; then waits until the connection has
its tokens. They never leave the enclave. Sign in to this server in that browser if it asks for it: the
link works for you alone.

Without --methods, --paths and --resources nothing may use the connection yet.

Examples:
  $ holdfast oauth-apps list
  $ holdfast connections add-oauth ddls:conn:01J…-github --methods GET --paths '/**' --resources direct
  $ holdfast connections add-oauth ddls:conn:01J…-github --no-browser`

const reconnectHelp = `
For a connection with the status needs_reconnect, or to allow other scopes. The handle stays, and with it
everything that was granted on it.

Example:
  $ holdfast connections reconnect ddls:conn:01J…-github`

interface SignInOptions {
  readonly browser: boolean
  readonly scopes?: readonly string[]
}

interface AddOptions extends SignInOptions, PolicyOptions {
  readonly name?: string
  readonly label?: string
}

const pollMs = 1500

/** `holdfast connections add-oauth` */
export function addOAuthCommand(): Command {
  const command = new Command('add-oauth')
    .argument(
      '<app>',
      'handle of the OAuth app; see `holdfast oauth-apps list`',
      parseConnectionHandle,
    )
    .description('connect an account by signing in at its provider')
    .option('--name <name>', 'its name in your own sign-in for calls (default: the provider)')
    .option('--label <text>', 'label for people')
  return addPolicyOptions(withSignIn(command))
    .addHelpText('after', addHelp)
    .action(async (app: string, options: AddOptions, self: Command) => {
      requireWholePolicy(options)
      const { client, issuer } = await openClient(self)
      const reserved = await client.oauthApps.connect({
        app,
        name: options.name,
        label: options.label,
        policy: policyOf(options, issuer),
      })
      await signIn(client, reserved, options, self)
    })
}

/** `holdfast connections reconnect` */
export function reconnectCommand(): Command {
  const command = new Command('reconnect')
    .argument('<handle>', 'connection handle', parseConnectionHandle)
    .description('sign in at the provider again for a connection that has lost its access')
  return withSignIn(command)
    .addHelpText('after', reconnectHelp)
    .action(async (handle: string, options: SignInOptions, self: Command) => {
      const { client } = await openClient(self)
      await signIn(client, await client.connections.get(handle), options, self)
    })
}

const withSignIn = (command: Command): Command =>
  command
    .option('--scopes <list>', 'what to ask for (default: what the app says)', commaList)
    .option('--no-browser', 'print the link instead of opening a browser')

async function signIn(
  client: Client,
  { handle, authorized_at: before }: ConnectionView,
  { scopes, browser }: SignInOptions,
  command: Command,
): Promise<void> {
  const link = await client.oauthApps.authorize(handle, scopes)
  note(`Open this page to connect the account:\n  ${link.authorization_url}`)
  if (browser) openBrowser(link.authorization_url)
  const connection = await connected(client, handle, before, Date.parse(link.expires_at))
  const identity = await identifyNew(client, handle)
  if (wantsJson(command)) return printJson(identity.connection ?? connection)
  print(handle)
  if (identity.result !== 'unavailable') noteIdentity(identity)
  note(`Connected. Next: holdfast connections test ${handle}`)
}

/** Waits until the tokens are there. */
async function connected(
  client: Client,
  handle: string,
  before: unknown,
  untilMs: number,
): Promise<ConnectionView> {
  while (Date.now() < untilMs) {
    await sleep(pollMs)
    const connection = await client.connections.get(handle)
    if (connection['authorized_at'] !== before) return connection
    if (connection.status === 'revoked') break
  }
  throw new CliError('nobody connected the account in time', {
    exitCode: exitCodes.error,
    code: 'NOT_CONNECTED',
    fix: `start again: holdfast connections reconnect ${handle}`,
  })
}
