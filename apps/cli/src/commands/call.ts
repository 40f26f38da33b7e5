import { readClaims } from '@holdfast/client'
import {
  type ConnectionHandle,
  dispatchMethods,
  type HttpRequest,
  parseConnectionHandle,
  parseRequestPath,
} from '@holdfast/protocol'
import { Command } from 'commander'
import { dispatchError } from '../dispatch-failure.ts'
import { CliError, usage } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { note, print, printJson } from '../output.ts'
import { readBody } from './call-body.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'
import { repeat } from './repeat.ts'
import { wholeNumber } from './whole-number.ts'

const help = `
Calls an API through a connection: the enclave adds the credential, you see only the answer. Needs
\`holdfast login --dispatch\`. The status goes to stderr, the body to stdout; --json prints both.
An answer such as 404 is a success of the call; only our own failures exit with an error.
What begins with { or [ is sent as JSON and must be such; anything else, and with --text everything,
is sent as text.

Examples:
  $ holdfast call ddls:conn:01J…-github GET /user
  $ holdfast call ddls:conn:01J…-github POST /user/repos --data '{"name":"demo"}'
  $ holdfast call ddls:conn:01J…-github POST /markdown --data @body.json --timeout 60000
  $ holdfast call ddls:conn:01J…-github POST /markdown/raw --data @notes.md --text`

interface Options {
  readonly data?: string
  readonly text?: boolean
  readonly header?: readonly string[]
  readonly timeout?: number
}

/** `holdfast call` */
export function callCommand(): Command {
  return new Command('call')
    .argument('<handle>', 'connection handle', parseConnectionHandle)
    .argument('<method>', dispatchMethods.join(', '))
    .argument('<path>', 'path with query below the base URL')
    .option('--data <body>', 'body: JSON or text, @file, or - for stdin')
    .option('--text', 'send the body as text, also where it looks like JSON')
    .option('--header <name: value>', 'further header; may be repeated', repeat)
    .option(
      '--timeout <ms>',
      'time for the whole call, 1000 to 300000',
      wholeNumber(1_000, 300_000),
    )
    .addHelpText('after', help)
    .action(call)
}

async function call(
  handle: ConnectionHandle,
  method: string,
  path: string,
  options: Options,
  command: Command,
): Promise<void> {
  parseRequestPath(path)
  const request = {
    method: parseMethod(method),
    path,
    headers: parseHeaders(options.header ?? []),
    ...(options.data !== undefined && { body: await readBody(options.data, options.text) }),
    ...(options.timeout !== undefined && { timeout_ms: options.timeout }),
  }
  const { client } = await openClient(command)
  requireGranted((await client.token('dispatch')).accessToken, handle)
  const answer = await client.dispatch(handle, request)
  if (!answer.success) throw dispatchError(answer.error)
  const { response } = answer
  if (wantsJson(command)) return printJson(response)
  note(`HTTP ${response.status}`)
  if (response.body_encoding === 'base64' && typeof response.body === 'string') {
    process.stdout.write(Buffer.from(response.body, 'base64'))
  } else if (typeof response.body === 'string') print(response.body)
  else if (response.body !== null) printJson(response.body)
  return undefined
}

/** Says what is missing in the user's own terms; the server would only refuse. */
function requireGranted(accessToken: string, handle: string): void {
  const granted = readClaims(accessToken)['ddls:connections']
  if (typeof granted === 'object' && granted !== null && Object.values(granted).includes(handle)) {
    return
  }
  throw new CliError('your sign-in for calls does not include this connection', {
    exitCode: exitCodes.forbidden,
    code: 'CONNECTION_NOT_GRANTED',
    fix: 'run `holdfast login --dispatch` and choose it; its policy must allow `direct`',
  })
}

function parseMethod(text: string): HttpRequest['method'] {
  const method = dispatchMethods.find((known) => known === text.toUpperCase())
  if (method !== undefined) return method
  throw usage('unknown method', `use one of ${dispatchMethods.join(', ')}`)
}

function parseHeaders(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    headers.map((header) => {
      const colon = header.indexOf(':')
      if (colon < 1) throw usage('a header has no colon', "write --header 'Accept: text/plain'")
      return [header.slice(0, colon).trim(), header.slice(colon + 1).trim()]
    }),
  )
}
