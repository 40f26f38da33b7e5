import { credentialFields, type CredentialKind } from '@holdfast/protocol'
import { Command, Option } from 'commander'
import { commandName, note, print, printJson } from '../output.ts'
import { readSecret } from '../terminal/secrets.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { addPolicyOptions, policyOf, type PolicyOptions } from './policy-options.ts'

const help = `
The credential is asked for without showing it, or read from stdin with --secret-stdin. It is sealed
on this machine to the enclave's key; the server only ever gets the sealed form. It can be used only
at --base-url. Without --methods, --paths and --resources nothing may use it yet: see
\`holdfast connections allow\`.

Kinds:
  api_key  a header with a template, such as --header X-Api-Key --template '{api_key}'
  bearer   Authorization: Bearer …
  basic    user name and password; --secret-stdin reads "user:password"

Examples:
  $ holdfast connections add github --base-url https://api.github.com --kind bearer \\
      --methods GET --paths '/**' --resources direct
  $ pass show stripe | holdfast connections add stripe --base-url https://api.stripe.com \\
      --kind api_key --header Authorization --template 'Bearer {api_key}' --secret-stdin`

interface Options extends PolicyOptions {
  readonly baseUrl: string
  readonly kind: 'api_key' | 'bearer' | 'basic'
  readonly header: string
  readonly template: string
  readonly label?: string
  readonly name?: string
  readonly secretStdin?: boolean
}

/** `holdfast connections add` */
export function addConnectionCommand(): Command {
  const command = new Command('add')
    .argument('<provider>', 'short name of the provider, such as github')
    .description('seal a credential and store it as a connection')
    .requiredOption(
      '--base-url <url>',
      'https URL; the only place that will ever get the credential',
    )
    .addOption(
      new Option('--kind <kind>', 'kind of credential')
        .choices(['api_key', 'bearer', 'basic'])
        .default('api_key'),
    )
    .option('--header <name>', 'header that carries an api_key', 'Authorization')
    .option('--template <text>', 'its value, with {api_key} for the key', 'Bearer {api_key}')
    .option('--label <text>', 'label for people')
    .option('--name <name>', 'its name in your own sign-in for calls (default: the provider)')
    .option('--secret-stdin', 'read the credential from stdin')
    .addHelpText('after', help)
  return addPolicyOptions(command).action(add)
}

async function add(provider: string, options: Options, command: Command): Promise<void> {
  const { client, issuer } = await openClient(command)
  const policy = policyOf(options, issuer)
  // Before the secret is asked for: a changed enclave or a missing sign-in must not cost it.
  await client.token('management')
  const { pin, firstUse } = await client.keys.sealing()
  const secrets = await readSecrets(options)
  try {
    const receipt = await client.connections.create({
      provider,
      baseUrl: options.baseUrl,
      credential: credentialOf(options),
      secrets,
      ...(policy !== undefined && { policy }),
      ...(options.label !== undefined && { label: options.label }),
      ...(options.name !== undefined && { name: options.name }),
    })
    if (wantsJson(command)) {
      return printJson({
        handle: receipt.handle,
        connection: receipt.connection,
        enclave: { fingerprint: pin.fingerprint, first_use: firstUse },
      })
    }
    print(receipt.handle)
    note(
      `Sealed on this machine to the enclave ${pin.fingerprint}${firstUse ? ' (trusted from now on)' : ''}.`,
    )
    note(
      policy === undefined
        ? `Nothing may use it yet. Next: ${commandName()} connections allow ${receipt.handle} --help`
        : `Next: ${commandName()} connections test ${receipt.handle}`,
    )
  } finally {
    for (const secret of Object.values(secrets)) secret.fill(0)
  }
}

function credentialOf({ kind, header, template }: Options): CredentialKind {
  return kind === 'api_key' ? { kind, header_name: header, header_template: template } : { kind }
}

const prompts: Readonly<Record<string, string>> = {
  api_key: 'API key',
  token: 'Token',
  username: 'User name',
  password: 'Password',
}

async function readSecrets(options: Options): Promise<Record<string, Uint8Array>> {
  const { required, optional } = credentialFields[options.kind]
  const fields = [...required, ...optional]
  const stdin = options.secretStdin === true
  const bytes = new TextEncoder()
  if (stdin && fields.length === 2) {
    const pair = await readSecret({ stdin, option: '--secret-stdin', message: '' })
    const colon = pair.indexOf(':')
    const values = [pair.slice(0, Math.max(colon, 0)), pair.slice(colon + 1)]
    return Object.fromEntries(fields.map((name, index) => [name, bytes.encode(values[index])]))
  }
  const secrets: Record<string, Uint8Array> = {}
  for (const name of fields) {
    const message = `${prompts[name] ?? name} (not shown)`
    secrets[name] = bytes.encode(await readSecret({ stdin, option: '--secret-stdin', message }))
  }
  return secrets
}
