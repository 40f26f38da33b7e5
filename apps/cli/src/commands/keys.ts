import { type Client, ClientError, type SigningAlgorithm } from '@holdfast/client'
import { Command, Option } from 'commander'
import { note, print, printJson } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { showEntry, showList } from './show.ts'

interface RotateOptions {
  readonly what: 'signing' | 'sealing'
  readonly alg?: SigningAlgorithm
}

interface ShownSigningKeys {
  readonly signing_keys: readonly object[] | null
  readonly signing_rotation_due: string | null
}

/** `holdfast keys` */
export function keysCommand(): Command {
  const keys = new Command('keys')
  keys
    .command('list')
    .alias('ls')
    .description(
      "show the sealing key in use, the enclave's pinned identity and, to administrators, the keys that sign tokens",
    )
    .addHelpText('after', '\nExamples:\n  $ holdfast keys list\n  $ holdfast keys list --json')
    .action(async (_options, command: Command) => {
      const { client } = await openClient(command)
      const { key, pin } = await client.keys.sealing()
      const shown = {
        enclave_identity: pin.fingerprint,
        pinned_since: pin.firstSeen,
        sealing_key: key.kid,
        not_before: new Date(key.not_before * 1000).toISOString(),
        expires_at: new Date(key.expires_at * 1000).toISOString(),
      }
      const signing = await signingKeysOf(client)
      if (wantsJson(command)) return printJson({ ...shown, ...signing })
      const { signing_keys: rows, signing_rotation_due } = signing
      showEntry(command, { ...shown, signing_rotation_due })
      if (rows === null) return note('The signing keys are shown to administrators who signed in.')
      print()
      return showList(command, rows, ['kid', 'alg', 'state', 'since'], '')
    })
  keys
    .command('rotate')
    .description('make a new key; the old one stays valid for what it protects')
    .addOption(
      new Option('--what <key>', 'which key').choices(['signing', 'sealing']).makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--alg <algorithm>',
        'algorithm of signing keys from now on; a key of another one is published and signs a minute later',
      ).choices(['ES256', 'EdDSA', 'RS256']),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ holdfast keys rotate --what signing\n  $ holdfast keys rotate --what signing --alg EdDSA',
    )
    .action(async ({ what, alg }: RotateOptions, command: Command) => {
      const { client } = await openClient(command)
      showEntry(command, await client.keys.rotate(what, alg && { alg }))
    })
  keys
    .command('trust')
    .description('pin the identity that the enclave has now, after you compared its fingerprint')
    .requiredOption('--fingerprint <hex>', 'the fingerprint that the operator told you')
    .addHelpText('after', "\nExample:\n  $ holdfast keys trust --fingerprint '78e1 0ed8 c5f5 …'")
    .action(async (options: { fingerprint: string }, command: Command) => {
      const { trustIdentity } = await import('../trust-identity.ts')
      const { client, store } = await openClient(command)
      const pin = await trustIdentity(client, store, options.fingerprint)
      if (wantsJson(command)) return printJson(pin)
      return print(`Pinned ${pin.fingerprint}.`)
    })
  return keys
}

const noAdministrator: ReadonlySet<string> = new Set([
  'FORBIDDEN',
  'NOT_SIGNED_IN',
  'SESSION_EXPIRED',
  'UNAUTHORIZED',
])

/** Null for who may not see them: the sealing key is for everybody. */
async function signingKeysOf(client: Client): Promise<ShownSigningKeys> {
  try {
    const { keys, rotation_due } = await client.keys.signing()
    const shown = keys.map((key) => (key.state === 'active' ? { ...key, state: 'signing' } : key))
    return { signing_keys: shown, signing_rotation_due: rotation_due }
  } catch (error) {
    if (!(error instanceof ClientError && noAdministrator.has(error.code))) throw error
    return { signing_keys: null, signing_rotation_due: null }
  }
}
