import type { Client } from '@holdfast/client'
import { dispatchMethods, parseConnectionHandle, parseRequestPath } from '@holdfast/protocol'
import { Command, InvalidArgumentError } from 'commander'
import { dispatchError } from '../dispatch-failure.ts'
import { asCalledHere, print, printJson } from '../output.ts'
import { wantsJson } from './flags.ts'
import { identityError, identityLine } from './identity-line.ts'
import { openClient } from './open-client.ts'

const help = `
Asks the provider which account it is, by the one harmless request that the catalog has for it; its
policy need not allow that. With --path or --method, and for providers without such a request, it
makes that call under the policy, and any answer counts as success, also a 404: the credential has
been used. Exits with 7 when the provider refuses the credential or cannot be reached.

Examples:
  $ holdfast connections test ddls:conn:01J…-github
  $ holdfast connections test ddls:conn:01J…-github --path /user`

interface Options {
  readonly path?: string
  readonly method?: string
}

/** `holdfast connections test` */
export function testConnectionCommand(): Command {
  return new Command('test')
    .argument('<handle>', 'connection handle', parseConnectionHandle)
    .description('make one harmless call through a connection')
    .option('--path <path>', 'path below the base URL', wellFormed)
    .option('--method <method>', dispatchMethods.join(', '), known)
    .addHelpText('after', help)
    .action(async (handle: string, options: Options, command: Command) => {
      const { client } = await openClient(command)
      const isNamed = options.path !== undefined || options.method !== undefined
      if (!isNamed && (await identify(client, handle, command))) return
      await call(client, handle, options, command)
    })
}

function wellFormed(path: string): string {
  parseRequestPath(path)
  return path
}

function known(text: string): string {
  const method = text.toUpperCase()
  if ((dispatchMethods as readonly string[]).includes(method)) return method
  throw new InvalidArgumentError(`It must be one of ${dispatchMethods.join(', ')}.`)
}

/** False when the catalog has no request for it. */
async function identify(client: Client, handle: string, command: Command): Promise<boolean> {
  const identity = await client.connections.identify(handle)
  if (identity.result === 'unavailable') return false
  if (identity.result !== 'ok') throw identityError(identity)
  if (wantsJson(command)) printJson(identity)
  else print(asCalledHere(identityLine(identity)))
  return true
}

async function call(
  client: Client,
  handle: string,
  { path, method }: Options,
  command: Command,
): Promise<void> {
  const answer = await client.connections.test(handle, {
    ...(path !== undefined && { path }),
    ...(method !== undefined && { method }),
  })
  if (!answer.success) throw dispatchError(answer.error)
  if (wantsJson(command)) return printJson(answer.response)
  return print(`The upstream answered ${answer.response.status}.`)
}
