/** Everything around the clients: a real Holdfast, a person, an API, and MCP servers in Python. */
import { createDpopProof } from '@holdfast/protocol/token'
import { request } from 'undici'
import { type Answer, signInAgent } from '../../helpers/agent.ts'
import { makeCanary } from '../../helpers/canary.ts'
import { type Person, setUpPerson } from '../../helpers/person.ts'
import { freePort } from '../../helpers/ports.ts'
import { type Stack, startStack } from '../../helpers/stack.ts'
import { startUpstream, type Upstream } from '../../helpers/upstream.ts'
import { startWireTap, type WireTap } from '../../helpers/wire-tap.ts'
import {
  type ClientProgram,
  type ServerProgram,
  startClient,
  startServer,
} from './python-programs.ts'

/** An MCP server with what was registered for it. */
export interface InteropServer extends ServerProgram {
  /** Its origin: what the framework names as its resource, and the `aud` of its tokens. */
  readonly resource: string
  readonly deployment: { readonly id: string; readonly secret: string }
}

/** The running parts. */
export interface Setting {
  readonly issuer: string
  readonly stack: Stack
  readonly ada: Person
  /** The key of the API; nobody but the sealing device, the enclave and the API may ever have it. */
  readonly secret: string
  readonly upstream: Upstream
  /** Every byte to and from the authorization server. */
  readonly tap: WireTap
  readonly client: ClientProgram
  /** Takes bearer tokens. */
  readonly plain: InteropServer
  /** Demands DPoP. */
  readonly bound: InteropServer
  /** Leaves its authorization to the framework. */
  readonly automatic: InteropServer
  /** The program that people sign in to. */
  readonly clientId: string
  /** A program without people. */
  readonly machine: { readonly client_id: string; readonly client_secret: string }
  /** Starts another server that answers for `plain`, with other variables. */
  misconfigured(variables: {
    readonly secret?: string
    readonly dispatchUrl?: string
  }): Promise<ServerProgram>
  /** Ada's management API. */
  manage(method: string, path: string, body?: object): Promise<Answer>
  close(): Promise<void>
}

/** How the API takes its key. */
export const headerFormat = 'token {api_key}'
export const redirectUri = 'http://127.0.0.1/callback'

/** Starts everything. */
export async function createSetting(python: string): Promise<Setting> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer()
  }
  const keep = <T>(part: T, closer: (part: T) => Promise<unknown>): T => {
    closers.push(() => closer(part))
    return part
  }
  try {
    const secret = makeCanary()
    const upstream = keep(
      await startUpstream({ apiKey: secret, template: headerFormat.replace('api_key', 'key') }),
      (part) => part.close(),
    )
    const tap = keep(await startWireTap(), (part) => part.close())
    const stack = keep(
      await startStack({
        publicPort: tap.port,
        allowPrivate: [`localhost:${upstream.port}`],
        extraCaPem: upstream.caPem,
      }),
      (part) => part.stop(),
    )
    tap.forwardTo(stack.port)
    const { issuer } = stack
    const ada = await firstPerson(stack)
    const { client_id: clientId } = await ada.run<{ client_id: string }>([
      ...['clients', 'register', '--name', 'Dedalus agent', '--redirect-uri', redirectUri],
    ])
    const machine = await ada.run<Setting['machine']>([
      ...['clients', 'register', '--name', 'Nightly job', '--confidential'],
    ])
    const server = async (...flags: string[]): Promise<InteropServer> => {
      const port = await freePort()
      const resource = `http://127.0.0.1:${port}`
      const deployment = await register(ada, resource)
      const started = await startServer(python, {
        ...{ port, issuer, audience: resource, flags, deployment },
      })
      return keep({ ...started, resource, deployment }, (part) => part.stop())
    }
    const plain = await server()
    const bound = await server('--require-dpop')
    const automatic = await server('--auto')
    const manage = await managementOf(issuer, ada)
    return {
      ...{ issuer, stack, ada, secret, upstream, tap, plain, bound, automatic, clientId, machine },
      ...{ manage, close },
      client: keep(startClient(python), (part) => part.stop()),
      misconfigured: async ({ secret: other = plain.deployment.secret, dispatchUrl }) =>
        keep(
          await startServer(python, {
            ...{ port: await freePort(), issuer, audience: plain.resource, dispatchUrl },
            deployment: { id: plain.deployment.id, secret: other },
          }),
          (part) => part.stop(),
        ),
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function firstPerson(stack: Stack): Promise<Person> {
  const password = Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString('base64url')
  return setUpPerson(stack, { name: 'Ada', email: 'ada@example.com', password })
}

async function register(ada: Person, resource: string): Promise<InteropServer['deployment']> {
  const made = await ada.run<{ deployment_id: string; deployment_secret: string }>([
    ...['resources', 'add', resource, '--name', 'Dedalus server', '--dpop', 'preferred'],
    ...['--scope', 'tools:call=Use its tools', '--scope', 'admin=Delete everything'],
    ...['--connection', 'github=Reads your profile', '--deployment'],
  ])
  return { id: made.deployment_id, secret: made.deployment_secret }
}

async function managementOf(issuer: string, ada: Person): Promise<Setting['manage']> {
  const agent = await signInAgent({
    ...{ issuer, clientId: 'holdfast-cli', redirectUri, authorize: ada.authorize },
    ...{ resource: `${issuer}/v1`, scope: 'connections:read connections:write' },
  })
  return async (method, path, body) => {
    const url = `${issuer}${path}`
    const accessToken = agent.accessToken()
    const answer = await request(url, {
      method: method as 'GET',
      headers: {
        authorization: `DPoP ${accessToken}`,
        dpop: await createDpopProof({ key: agent.key, method, url, accessToken }),
        'content-type': 'application/json',
      },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const json = (await answer.body.json()) as Record<string, unknown>
    return { status: answer.statusCode, headers: answer.headers, body: json }
  }
}
