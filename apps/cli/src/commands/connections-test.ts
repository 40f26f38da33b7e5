import { Command } from 'commander'
import { print, printJson } from '../output.ts'
import { dispatchError } from '../dispatch-failure.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'

const help = `
Any answer of the upstream counts as success, also a 404: the credential has been used. Exits with 7
when the upstream could not be reached.

Examples:
  $ holdfast connections test ddls:conn:01J…-github
  $ holdfast connections test ddls:conn:01J…-github --path /user`

/** `holdfast connections test` */
export function testConnectionCommand(): Command {
  return new Command('test')
    .argument('<handle>')
    .description('make one harmless call through a connection')
    .option('--path <path>', 'path below the base URL')
    .option('--method <method>', 'HTTP method')
    .addHelpText('after', help)
    .action(
      async (handle: string, options: { path?: string; method?: string }, command: Command) => {
        const { client } = await openClient(command)
        const answer = await client.connections.test(handle, {
          ...(options.path !== undefined && { path: options.path }),
          ...(options.method !== undefined && { method: options.method.toUpperCase() }),
        })
        if (!answer.success) throw dispatchError(answer.error)
        if (wantsJson(command)) return printJson(answer.response)
        return print(`The upstream answered ${answer.response.status}.`)
      },
    )
}
