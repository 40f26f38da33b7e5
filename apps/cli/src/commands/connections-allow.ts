import { parseConnectionHandle } from '@holdfast/protocol'
import { Command } from 'commander'
import { usage } from '../errors.ts'
import { note } from '../output.ts'
import { openClient } from './open-client.ts'
import { addPolicyOptions, policyOf, type PolicyOptions } from './policy-options.ts'
import { showEntry } from './show.ts'
import { allowsNothing } from './used-by.ts'

const help = `
Replaces the policy as a whole; a list that is left out allows nothing.

Examples:
  $ holdfast connections allow ddls:conn:01J…-github --methods GET --paths '/**' --resources direct
  $ holdfast connections allow ddls:conn:01J…-github --methods '*' --paths '/repos/**' \\
      --resources http://localhost:8000/mcp`

/** `holdfast connections allow` */
export function allowCommand(): Command {
  const command = new Command('allow')
    .argument('<handle>', 'connection handle', parseConnectionHandle)
    .description('say what a connection may be used for')
    .addHelpText('after', help)
  return addPolicyOptions(command).action(
    async (handle: string, options: PolicyOptions, self: Command) => {
      const { client, issuer } = await openClient(self)
      const policy = policyOf(options, issuer)
      if (policy === undefined) {
        throw usage('nothing to allow was given', 'give --methods, --paths and --resources')
      }
      showEntry(self, await client.connections.setPolicy(handle, policy))
      if (allowsNothing(policy)) {
        note('Nothing may use it now: give --methods, --paths and --resources together.')
      }
    },
  )
}
