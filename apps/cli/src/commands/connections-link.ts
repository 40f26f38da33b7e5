import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ConnectTicketView } from '@holdfast/client'
import { Command } from 'commander'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { note, print, printJson } from '../output.ts'
import { openBrowser } from '../terminal/browser.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import {
  addPolicyOptions,
  policyOf,
  type PolicyOptions,
  requireWholePolicy,
} from './policy-options.ts'

const help = `
Opens a page of this server on which you paste a key, or sign in at the provider. The key is sealed in
the browser; the server gets the sealed form. The link works for you alone, once, for ten minutes.
Whoever runs the server also serves that page: \`holdfast connections add\` trusts less.

Without --methods, --paths and --resources the page asks what the connection may be used for.

Examples:
  $ holdfast connections link github
  $ holdfast connections link stripe --methods GET --paths '/**' --resources direct
  $ holdfast connections link --renew ddls:conn:01J…-github
  $ holdfast connections link github --no-browser`

interface Options extends PolicyOptions {
  readonly browser: boolean
  readonly wait: boolean
  readonly name?: string
  readonly label?: string
  readonly renew?: string
}

const pollMs = 1500

/** `holdfast connections link` */
export function linkCommand(): Command {
  const command = new Command('link')
    .argument('[provider]', 'short name of the provider (default: chosen on the page)')
    .description('connect an account on a page in the browser')
    .option('--name <name>', 'its name in your own sign-in for calls (default: the provider)')
    .option('--label <text>', 'label for people')
    .option('--renew <handle>', 'give this connection a new value or a new sign-in')
    .option('--no-browser', 'print the link instead of opening a browser')
    .option('--no-wait', 'end at once; `--json` tells the id to ask for')
  return addPolicyOptions(command).addHelpText('after', help).action(link)
}

async function link(
  provider: string | undefined,
  options: Options,
  command: Command,
): Promise<void> {
  requireWholePolicy(options)
  const { client, issuer } = await openClient(command)
  const { name, label, renew: handle } = options
  const policy = policyOf(options, issuer)
  const { pin } = await client.keys.sealing()
  const made = await client.connectTickets.create({ provider, name, label, policy, handle })
  // Behind `#`: the server never sees which enclave this machine expects.
  const url = `${made.connect_url}#identity=${pin.identity}`
  note(`Open this page to connect the account:\n  ${url}`)
  if (options.browser) openBrowser(url)
  const ticket = options.wait ? await connected(client, made) : made
  if (wantsJson(command)) return printJson({ ...ticket, connect_url: url })
  if (ticket.handle === null) return print(url)
  print(ticket.handle)
  return note(`Connected. Next: holdfast connections test ${ticket.handle}`)
}

async function connected(client: Client, made: ConnectTicketView): Promise<ConnectTicketView> {
  let ticket = made
  while (ticket.status === 'pending') {
    await sleep(pollMs)
    ticket = await client.connectTickets.get(made.id)
  }
  if (ticket.status === 'connected') return ticket
  throw new CliError('nobody connected the account in time', {
    exitCode: exitCodes.error,
    code: 'NOT_CONNECTED',
    fix: 'start again: holdfast connections link',
  })
}
