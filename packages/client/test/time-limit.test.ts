import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportDpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  authorizedFetch,
  type AuthorizedFetchOptions,
  BearerAuth,
  type Client,
  ClientCredentialsAuth,
  createClient,
  DeviceAuth,
  memoryTokenStore,
  type Session,
} from '../src/index.ts'

type Fetch = NonNullable<AuthorizedFetchOptions['fetch']>

interface SilentServer {
  readonly origin: string
  /** Paths of the requests that it leaves open. */
  readonly asked: string[]
  /** Answers what it is given at once, without a network that could be late, and asks the server else. */
  readonly fetch: Fetch
}

/** A server that takes every request and answers none, except for the given paths. */
async function startSilentServer(
  answers: Readonly<Record<string, (origin: string) => Response>> = {},
): Promise<SilentServer> {
  const asked: string[] = []
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const fetch: Fetch = (url, init) => {
    const { pathname } = new URL(url)
    const answer = answers[pathname]
    if (answer !== undefined) return Promise.resolve(answer(origin))
    asked.push(pathname)
    return globalThis.fetch(url, init)
  }
  return { origin, asked, fetch }
}

const metadata = (origin: string): Response =>
  Response.json({
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    revocation_endpoint: `${origin}/revoke`,
    registration_endpoint: `${origin}/register`,
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
  })
const authorizationServer = { '/.well-known/oauth-authorization-server': metadata }

const nobody = (): Promise<never> => Promise.reject(new Error('nobody is asked'))

async function signedIn({ origin, fetch }: SilentServer, expiresAt: number): Promise<Client> {
  const key = await exportDpopKey(await generateDpopKey({ extractable: true }))
  const tokens = { accessToken: 'a', refreshToken: 'r', expiresAt, scope: '' }
  const session: Session = {
    issuer: origin,
    clientId: 'holdfast-cli',
    dpopKey: { ...key },
    tokens: { [`${origin}/v1`]: tokens, [`${origin}/dispatch`]: tokens },
  }
  const tokenStore = memoryTokenStore(session)
  return createClient({ issuer: origin, tokenStore, fetch, requestTimeoutMs: 20 })
}

const later = Math.floor(Date.now() / 1000) + 3600

describe('a server that never answers ends a request of the client in the time that is set', () => {
  const cases: ReadonlyArray<
    [what: string, path: string, expiresAt: number, call: (client: Client) => Promise<unknown>]
  > = [
    [
      'for metadata',
      '/.well-known/oauth-authorization-server',
      0,
      (client) => client.login({ redirectUri: 'http://127.0.0.1:1/callback', authorize: nobody }),
    ],
    ['for tokens', '/token', 0, (client) => client.token('management')],
    ['to revoke', '/revoke', later, (client) => client.logout()],
    [
      'for sealing keys',
      '/.well-known/holdfast-sealing-keys.json',
      later,
      (client) => client.keys.sealing(),
    ],
    ['for connections', '/v1/connections', later, (client) => client.connections.list()],
  ]
  it.each(cases)('%s', async (what, path, expiresAt, call) => {
    const server = await startSilentServer(what === 'for metadata' ? {} : authorizationServer)
    await expect(call(await signedIn(server, expiresAt))).rejects.toMatchObject({
      name: 'ClientError',
      code: 'SERVER_UNREACHABLE',
      message: `${server.origin} did not answer within 20 ms (requestTimeoutMs)`,
      fix: expect.stringContaining('requestTimeoutMs') as string,
    })
    expect(server.asked).toEqual([path])
  })

  it('with the time of the upstream on top where the server waits for one', async () => {
    const server = await startSilentServer({ '/dispatch': () => Response.json({}) })
    const client = await signedIn(server, later)
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    onTestFinished(() => timeout.mockRestore())
    const handle = 'ddls:conn:0192f0c0-0000-7000-8000-000000000000'
    const call = { method: 'GET', path: '/' } as const
    await client.dispatch(handle, { ...call, timeout_ms: 5000 }).catch(() => undefined)
    await client.dispatch(handle, call).catch(() => undefined)
    expect(timeout.mock.calls).toEqual([[5020], [300_020]])
  })

  it.each([0, -1, 0.5, Number.NaN, 2 ** 31])('which may not be %d', (requestTimeoutMs) => {
    const options = { issuer: 'https://auth.example', tokenStore: memoryTokenStore<Session>() }
    expect(() => createClient({ ...options, requestTimeoutMs })).toThrow('requestTimeoutMs must be')
  })
})

describe('a server that never answers ends a request to be authorized in the time that is set', () => {
  const protectedServer = {
    '/mcp': () => new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } }),
  }
  const resourceMetadata = {
    ...protectedServer,
    '/.well-known/oauth-protected-resource/mcp': (origin: string) =>
      Response.json({ resource: `${origin}/mcp`, authorization_servers: [origin] }),
  }
  const robot = { clientId: 'robot', clientSecret: 'secret' }
  const cases: ReadonlyArray<
    [what: string, path: string, answers: Readonly<Record<string, (origin: string) => Response>>]
  > = [
    [
      'for metadata of the protected server',
      '/.well-known/oauth-protected-resource/mcp',
      protectedServer,
    ],
    [
      'for metadata of the authorization server',
      '/.well-known/oauth-authorization-server',
      resourceMetadata,
    ],
    ['for tokens', '/token', { ...resourceMetadata, ...authorizationServer }],
  ]
  const expected = (origin: string): object => ({
    name: 'ClientError',
    code: 'SERVER_UNREACHABLE',
    message: `${origin} did not answer within 20 ms (authorizationTimeoutMs)`,
  })

  it.each(cases)('%s', async (_what, path, answers) => {
    const { origin, asked, fetch } = await startSilentServer(answers)
    const resource = `${origin}/mcp`
    const auth = new ClientCredentialsAuth({ client: { ...robot, issuer: origin } })
    const call = authorizedFetch({ auth, resource, fetch, authorizationTimeoutMs: 20 })
    await expect(call(resource)).rejects.toMatchObject(expected(origin))
    expect(asked).toEqual([path])
  })

  it('to register', async () => {
    const { origin, asked, fetch } = await startSilentServer({
      ...resourceMetadata,
      ...authorizationServer,
    })
    const resource = `${origin}/mcp`
    const auth = new DeviceAuth({ onPrompt: () => undefined })
    const call = authorizedFetch({ auth, resource, fetch, authorizationTimeoutMs: 20 })
    await expect(call(resource)).rejects.toMatchObject(expected(origin))
    expect(asked).toEqual(['/register'])
  })

  it('also when it falls silent in the middle of an answer', async () => {
    const begin = (): Response =>
      new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(9)) }))
    const { origin, fetch } = await startSilentServer({
      ...protectedServer,
      '/.well-known/oauth-protected-resource/mcp': begin,
    })
    const resource = `${origin}/mcp`
    const auth = new ClientCredentialsAuth({ client: { ...robot, issuer: origin } })
    const call = authorizedFetch({ auth, resource, fetch, authorizationTimeoutMs: 20 })
    await expect(call(resource)).rejects.toMatchObject(expected(origin))
  })

  it('and not the requests to the protected server, which may be streams', async () => {
    const signals: unknown[] = []
    const resource = 'https://mcp.example/mcp'
    const fetch: Fetch = (_url, init) => {
      signals.push(init.signal)
      return Promise.resolve(new Response('data: 1\n\n'))
    }
    const auth = new BearerAuth('token')
    const call = authorizedFetch({ auth, resource, fetch, authorizationTimeoutMs: 20 })
    const { signal } = new AbortController()
    await call(resource)
    await call(resource, { signal })
    expect(signals).toEqual([undefined, signal])
  })
})

describe('a caller that gives up gets his own reason', () => {
  const reason = new Error('the user closed the window')

  it('while the protected server is silent', async () => {
    const controller = new AbortController()
    const { origin, fetch } = await startSilentServer()
    const sent: Fetch = (url, init) => {
      const answer = fetch(url, init)
      controller.abort(reason)
      return answer
    }
    const auth = new BearerAuth('token')
    const call = authorizedFetch({ auth, resource: origin, fetch: sent })
    await expect(call(origin, { signal: controller.signal })).rejects.toBe(reason)
  })

  it('of a signal that ran out', async () => {
    const { origin, fetch } = await startSilentServer()
    const call = authorizedFetch({ auth: new BearerAuth('token'), resource: origin, fetch })
    const answer = call(origin, { signal: AbortSignal.timeout(20) })
    await expect(answer).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('while a token is obtained, which goes on for the others who wait for it', async () => {
    const controller = new AbortController()
    const { promise: token, resolve } = Promise.withResolvers<{ accessToken: string }>()
    const auth = { token: () => token, refused: () => Promise.resolve(undefined) }
    const fetch: Fetch = () => Promise.resolve(new Response('served'))
    const resource = 'https://mcp.example/mcp'
    const call = authorizedFetch({ auth, resource, fetch })
    const given = call(resource, { signal: controller.signal })
    const patient = call(resource)
    controller.abort(reason)
    await expect(given).rejects.toBe(reason)
    await expect(call(resource, { signal: controller.signal })).rejects.toBe(reason)
    resolve({ accessToken: 'token' })
    expect(await (await patient).text()).toBe('served')
  })
})
