import type { SigningAlgorithm } from '@holdfast/client'
import { Command, Option } from 'commander'
import { print, printJson } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { showEntry } from './show.ts'

interface RotateOptions {
  readonly what: 'signing' | 'sealing'
  readonly alg?: SigningAlgorithm
}

/** `holdfast keys` */
export function keysCommand(): Command {
  const keys = new Command('keys')
  keys
    .command('list')
    .alias('ls')
    .description("show the sealing key in use and the enclave's pinned identity")
    .addHelpText('after', '\nExample:\n  $ holdfast keys list')
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
      showEntry(command, shown)
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
