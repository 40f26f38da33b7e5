import { parseBaseUrl, parseConnectionHandle } from '@holdfast/protocol'
import { Command, Option } from 'commander'
import { handKinds, keyPlaces } from '../connect/by-hand.ts'
import type { AddOptions } from '../connect/plan.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { note, print, printJson } from '../output.ts'
import { planOf } from './connections-add.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { repeat } from './repeat.ts'

const help = `
The handle, the policy and who may use it stay as they are. The old value works until the new one is
stored. Say the kind as when the connection was added; a provider of the catalog knows it. What the
new value is sealed for comes from here and not from the server.

Examples:
  $ holdfast connections rotate ddls:conn:01J…-github
  $ pass show acme | holdfast connections rotate ddls:conn:01J…-acme --secret-stdin \\
      --base-url https://api.acme.example --kind bearer`

/** `holdfast connections rotate` */
export function rotateCommand(): Command {
  return new Command('rotate')
    .argument('<handle>')
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
    .option('--secret-stdin', 'read the credential from stdin')
    .addHelpText('after', help)
    .action(rotate)
}

async function rotate(name: string, options: AddOptions, command: Command): Promise<void> {
  const handle = parseConnectionHandle(name)
  const provider = handle.replace(/^ddls:conn:[^-]+-/, '')
  const { client, issuer } = await openClient(command)
  const plan = await planOf(provider, options, command, issuer)
  const { base_url: present } = await client.connections.get(handle)
  if (parseBaseUrl(plan.baseUrl).authority !== parseBaseUrl(present).authority) {
    throw new CliError('the connection is for another host', {
      exitCode: exitCodes.usage,
      code: 'USAGE',
      fix: 'a new host needs a new connection: see `holdfast connections add --help`',
    })
  }
  const secrets = await plan.readSecrets()
  try {
    const { baseUrl, credential } = plan
    const receipt = await client.connections.rotate(handle, {
      ...{ provider, baseUrl, credential, secrets },
    })
    const { pin, firstUse, connection } = receipt
    const enclave = { fingerprint: pin.fingerprint, first_use: firstUse }
    if (wantsJson(command)) return printJson({ handle, connection, enclave })
    print(handle)
    note(`The new value is sealed to the enclave ${pin.fingerprint} and in use.`)
    return note(`Next: holdfast connections test ${handle}`)
  } finally {
    for (const secret of Object.values(secrets)) secret.fill(0)
  }
}
