import type { SealReceipt } from '@holdfast/client'
import { Command, Option } from 'commander'
import { loadConfig } from '../config.ts'
import { findTicket, optionsFor } from '../connect/asked-ticket.ts'
import { keyPlaces } from '../connect/by-hand.ts'
import { localCatalog } from '../connect/load-catalog.ts'
import type { AddOptions, ConnectionPlan } from '../connect/plan.ts'
import { planOf, wayOf } from '../connect/way.ts'
import { exitCodes } from '../exit-codes.ts'
import { note } from '../output.ts'
import { isInteractive } from '../terminal/secrets.ts'
import { flagsOf } from './flags.ts'
import { openClient } from './open-client.ts'
import { addPolicyOptions, requireWholePolicy } from './policy-options.ts'
import { commaList, repeat } from './repeat.ts'
import { reportSealed } from './sealed-report.ts'
import { allowsNothing } from './used-by.ts'

const help = `
A provider of the catalog (\`holdfast providers list\`) knows its address, where its keys are and what
they look like. The key is asked for without showing it, or read from stdin with --secret-stdin;
several values as a JSON object. It is checked and sealed on this machine to the enclave's key; the
server only ever gets the sealed form. Then the enclave makes one harmless call and shows which
account it is. Without --allow, --operations or --methods, --paths and --resources nothing else may
use it yet: see \`holdfast connections allow\`.

With --ticket it answers a link of the connect page, which names this command: what it allows, it
allows the server that asked.

By hand, for anything else: --base-url and a kind
  api_key  a header with a template, such as --header X-Api-Key --template '{api_key}'
  bearer   Authorization: Bearer …
  basic    user name and password; --secret-stdin reads "user:password"
  mtls     a client certificate: --secret-file certificate=client.pem --secret-file private_key=key.pem
  --in puts an api_key elsewhere, such as --in query --field key; --injection describes any other
  place or kind as JSON: see docs/credential-kinds.md

Examples:
  $ holdfast connections add github --allow read
  $ pass show stripe | holdfast connections add stripe --operations customers.list --secret-stdin
  $ holdfast connections add zendesk --set subdomain=acme --set username=ada@example.com/token
  $ holdfast connections add gitlab --kind token --base-url https://git.example.com/api/v4
  $ holdfast connections add acme --base-url https://api.acme.example --kind bearer \\
      --methods GET --paths '/**' --resources direct
  $ holdfast connections add maps --base-url https://maps.example --in query --field key`

interface Options extends AddOptions {
  readonly ticket?: string
  readonly label?: string
  readonly name?: string
}

/** `holdfast connections add` */
export function addConnectionCommand(): Command {
  const command = new Command('add')
    .argument('<provider>', 'short name of the provider, such as github')
    .description('seal a credential and store it as a connection')
    .option('--kind <kind>', 'kind of credential, where there are several')
    .option('--set <name=value>', 'a value that is no secret, such as the tenant', repeat)
    .addOption(new Option('--allow <preset>', 'what it may be used for').choices(['none', 'read']))
    .option('--operations <list>', 'named operations of the catalog that are allowed', commaList)
    .option('--scopes <list>', 'scopes to ask a token endpoint for', commaList)
    .option('--base-url <url>', 'https URL; the only place that will ever get the credential')
    .option('--header <name>', 'by hand: header of an api_key (default: Authorization)')
    .option('--template <text>', "by hand: its value (default: 'Bearer {api_key}')")
    .option('--injection <json>', 'by hand: the whole kind, as docs/providers.md describes it')
    .addOption(new Option('--in <place>', 'by hand: where an api_key goes').choices(keyPlaces))
    .option('--field <name>', 'by hand: query parameter, cookie or body field (default: api_key)')
    .option('--secret-file <field=path>', 'by hand: a secret field that lies in a file', repeat)
    .option('--label <text>', 'label for people')
    .option('--name <name>', 'its name in your own sign-in for calls (default: the provider)')
    .option('--ticket <id>', 'answer this link of the connect page with it')
    .option('--any-key', 'seal a key that does not look right')
    .option('--no-test', 'do not ask the provider which account it is')
    .option('--secret-stdin', 'read the credential from stdin')
    .addHelpText('after', help)
  return addPolicyOptions(command).action(add)
}

async function add(name: string, given: Options, command: Command): Promise<void> {
  const way = wayOf(localCatalog(loadConfig(flagsOf(command)).config), name, given)
  const hasPreset = given.allow !== undefined || given.operations !== undefined
  // A link may say who asks.
  if (!hasPreset) requireWholePolicy(given, given.ticket === undefined ? [] : ['resources'])
  const { client, issuer } = await openClient(command)
  // Nobody answers questions in vain.
  if (isInteractive()) await client.token('management')
  const ticket =
    given.ticket === undefined ? undefined : await findTicket(client, given.ticket, name)
  const options = ticket === undefined ? given : optionsFor(ticket, given)
  if (!hasPreset) requireWholePolicy(options)
  const plan = await planOf(way, options, issuer)
  // Before the secret is asked for: a changed enclave or a missing sign-in must not cost it.
  await client.token('management')
  const { firstUse } = await client.keys.sealing()
  const secrets = await plan.readSecrets()
  let receipt: SealReceipt
  try {
    const { provider, baseUrl, credential, policy } = plan
    receipt = await client.connections.create({
      provider,
      baseUrl,
      credential,
      secrets,
      ...(policy !== undefined && { policy }),
      ...(options.label !== undefined && { label: options.label }),
      name: options.name ?? ticket?.name ?? provider,
    })
  } finally {
    for (const secret of Object.values(secrets)) secret.fill(0)
  }
  await reportSealed(
    client,
    command,
    plan,
    { ...receipt, firstUse },
    {
      sealed: 'Sealed on this machine to the enclave',
      next: nextStep(plan, receipt.handle),
    },
  )
  if (ticket === undefined || process.exitCode === exitCodes.upstreamFailed) return
  await client.connectTickets.answer(ticket.id, receipt.handle)
  note(`The link is answered${ticket.resource === null ? '' : `: ${ticket.resource} may use it`}.`)
}

const nextStep = ({ policy }: ConnectionPlan, handle: string): string =>
  policy === undefined || allowsNothing(policy)
    ? `Nothing may use it yet. Next: holdfast connections allow ${handle} --help`
    : `Next: holdfast connections test ${handle}`
