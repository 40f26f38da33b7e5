import { Command, Option } from 'commander'
import type { Role } from '../supervisor/layout.ts'
import { flagsOf, wantsJson } from './flags.ts'

const help = `
Starts the egress relay, the enclave and the authorization server, and keeps them running.
Ctrl-C stops them in order; a second Ctrl-C stops them at once.
With --json it prints one line when everything is up, and one for the set-up link.

Examples:
  $ holdfast up
  $ holdfast up --port 5000 --data-dir /srv/holdfast
  $ holdfast up --role enclave --min-isolation networkless`

/** `holdfast up` */
export function upCommand(): Command {
  return new Command('up')
    .addOption(
      new Option('--role <role>', 'what to run')
        .choices(['all', 'authorization-server', 'enclave', 'egress-relay'])
        .default('all'),
    )
    .option('--port <port>', 'TCP port (HOLDFAST_PORT)')
    .option('--host <address>', 'address to listen on (HOLDFAST_HOST)')
    .option('--providers-dir <folder>', 'providers of your own (HOLDFAST_PROVIDERS_DIR)')
    .option('--production', 'production defaults (HOLDFAST_PRODUCTION)')
    .option('--log-level <level>', 'debug, info, warn or error (HOLDFAST_LOG_LEVEL)')
    .option('--min-isolation <level>', 'isolation floor (HOLDFAST_ENCLAVE_MIN_ISOLATION)')
    .addHelpText('after', help)
    .action(async (options: { role: Role }, command: Command) => {
      const { up } = await import('../supervisor/up.ts')
      process.exitCode = await up({
        flags: flagsOf(command),
        role: options.role,
        json: wantsJson(command),
      })
    })
}
