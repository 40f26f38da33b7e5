import type { SealReceipt } from '@holdfast/client'
import { type ConnectionHandle, parseBaseUrl, parseConnectionHandle } from '@holdfast/protocol'
import { Command, Option } from 'commander'
import { loadConfig } from '../config.ts'
import { handKinds, keyPlaces } from '../connect/by-hand.ts'
import { localCatalog } from '../connect/load-catalog.ts'
import type { AddOptions } from '../connect/plan.ts'
import { planOf, wayOf } from '../connect/way.ts'
import { usage } from '../errors.ts'
import { flagsOf } from './flags.ts'
import { openClient } from './open-client.ts'
import { repeat } from './repeat.ts'
import { reportSealed } from './sealed-report.ts'

const help = `
The handle, the policy and who may use it stay as they are. The old value works until the new one is
stored. As with \`connections add\`, the enclave then makes one harmless call and shows which account the
new value is; one that the provider refuses exits with 7 and stays. Say the kind as when the connection was
added; a provider of the catalog knows it. What the new value is sealed for comes from here and not from the
server. An account that was connected by signing in is renewed with \`connections reconnect\`.

Examples:
  $ holdfast connections rotate ddls:conn:01J…-github
  $ pass show acme | holdfast connections rotate ddls:conn:01J…-acme --secret-stdin \\
      --base-url https://api.acme.example --kind bearer`

/** `holdfast connections rotate` */
export function rotateCommand(): Command {
  return new Command('rotate')
    .argument('<handle>', 'connection handle', parseConnectionHandle)
    .description('seal a new value for the same handle')
    .option('--kind <kind>', `kind of credential, such as ${handKinds.join(', ')}`)
    .option('--set <name=value>', 'a value that is no secret, such as the tenant', repeat)
    .option('--base-url <url>', 'https URL that the connection is for')
    .option('--header <name>', 'by hand: header of an api_key (default: Authorization)')
    .option('--template <text>', "by hand: its value (default: 'Bearer {api_key}')")
    .option(
      '--injection <json>',
      'by hand: the whole kind, as docs/credential-kinds.md describes it',
    )
    .addOption(new Option('--in <place>', 'by hand: where an api_key goes').choices(keyPlaces))
    .option('--field <name>', 'by hand: query parameter, cookie or body field (default: api_key)')
    .option('--secret-file <field=path>', 'by hand: a secret field that lies in a file', repeat)
    .option('--any-key', 'seal a key that does not look right')
    .option('--no-test', 'do not ask the provider which account it is')
    .option('--secret-stdin', 'read the credential from stdin')
    .addHelpText('after', help)
    .action(rotate)
}

async function rotate(
  handle: ConnectionHandle,
  options: AddOptions,
  command: Command,
): Promise<void> {
  const provider = handle.replace(/^ddls:conn:[^-]+-/, '')
  const way = wayOf(localCatalog(loadConfig(flagsOf(command)).config), provider, options)
  const { client, issuer } = await openClient(command)
  const { base_url: present, account, kind } = await client.connections.get(handle)
  if (kind === 'oauth2') {
    throw usage(
      'the account was connected by signing in: there is no value to give',
      `sign in again: holdfast connections reconnect ${handle}`,
    )
  }
  if (!way.provider && way.byHand === undefined) {
    throw usage(
      `the catalog does not know ${provider}: say what the new value is for`,
      'give --base-url and --kind as when it was added',
    )
  }
  const plan = await planOf(way, options, issuer)
  if (parseBaseUrl(plan.baseUrl).authority !== parseBaseUrl(present).authority) {
    throw usage(
      'the connection is for another host',
      'a new host needs a new connection: see `holdfast connections add --help`',
    )
  }
  // Before the secret is asked for: a changed enclave must not cost it.
  const { firstUse } = await client.keys.sealing()
  const secrets = await plan.readSecrets()
  let receipt: SealReceipt
  try {
    const { baseUrl, credential } = plan
    receipt = await client.connections.rotate(handle, { provider, baseUrl, credential, secrets })
  } finally {
    for (const secret of Object.values(secrets)) secret.fill(0)
  }
  await reportSealed(
    client,
    command,
    plan,
    { ...receipt, firstUse },
    {
      sealed: 'The new value is in use, sealed to the enclave',
      next: `Next: holdfast connections test ${handle}`,
      formerAccount: account,
    },
  )
}
