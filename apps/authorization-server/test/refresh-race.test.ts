import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ControlPlane, startControlPlane } from './helpers/control-planes.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  allowAll,
  callerFor,
  type Caller,
  connectAccount,
  makeApp,
  makePerson,
} from './helpers/token-connections.ts'
import { startTokenProvider, type TokenProvider } from './helpers/token-provider.ts'
import {
  type Bound,
  callApi,
  directToken,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

// The long form is `npm run test:refresh-race`.
const wanted = Number(process.env['HOLDFAST_TEST_REFRESHES'] ?? 60)
const connectionCount = wanted > 1000 ? 50 : 10
const rounds = Math.ceil(wanted / connectionCount)

let provider: TokenProvider
let enclave: RealEnclave
let app: VaultApp
let ann: Caller
let planes: ControlPlane[]
let clock: ChildProcess

beforeAll(async () => {
  provider = await startTokenProvider()
  enclave = await startRealEnclave({ upstreams: [provider.authority], caPem: provider.caPem })
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  planes = []
  for (let count = 0; count < 3; count++) planes.push(await startControlPlane(app, enclave.socket))
  ann = await callerFor(app, await makePerson(app, 'ann'))
  clock = fork(join(import.meta.dirname, 'fixtures/make-due.ts'), [app.database], {
    execArgv: ['--no-warnings'],
  })
})
afterAll(async () => {
  clock.kill()
  for (const plane of planes) await plane[Symbol.asyncDispose]()
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

/** Makes every token due, as time would. */
async function makeAllDue(): Promise<void> {
  clock.send('due')
  await once(clock, 'message')
}

test(
  `of three control planes on one database each token is renewed once: ${rounds * connectionCount} single-use refresh tokens, no connection lost`,
  { timeout: 3_600_000 },
  async () => {
    const admin = await callerFor(
      app,
      await makePerson(app, 'root', 'admin'),
      'admin connections:write',
    )
    const oauthApp = await makeApp(app, admin, provider)
    const handles: string[] = []
    for (let count = 0; count < connectionCount; count++) {
      handles.push((await connectAccount(app, ann, provider, oauthApp)).handle)
    }
    const callers = await Promise.all(handles.map((handle) => longToken(handle)))
    const before = provider.asked['refresh_token'] ?? 0
    const failures: unknown[] = []

    for (let round = 0; round < rounds; round++) {
      await makeAllDue()
      const calls = handles.flatMap((handle, index) =>
        planes.map(async (plane) => {
          const reply = await plane.dispatch(callers[index]!, me(handle))
          if (!reply.success || reply.response?.status !== 200) failures.push(reply)
        }),
      )
      // The owner changes a policy meanwhile, which makes a record of the next version too.
      const changed = handles[round % handles.length]!
      await Promise.all([...calls, changePolicy(changed)])
    }

    expect(failures).toEqual([])
    expect((provider.asked['refresh_token'] ?? 0) - before).toBe(rounds * connectionCount)
    const states = await Promise.all(
      handles.map(async (handle) => (await app.context.storage.connections.find(handle))?.status),
    )
    expect(states).toEqual(handles.map(() => 'active'))
  },
)

const me = (handle: string) => ({
  connection_handle: handle,
  request: { method: 'GET', path: '/api/me' },
})

const longToken = (handle: string): Promise<Bound> =>
  directToken(app, ann.user.id, { local: handle }, { expiresInSeconds: 7200 })

/** It may come too late for the version that it read; then the owner would try again. */
async function changePolicy(handle: string): Promise<void> {
  const api = await callerFor(app, ann.user)
  await callApi(app, api.api, 'PATCH', `/v1/connections/${handle}`, {
    policy: { ...allowAll, paths: ['/**', `/${crypto.randomUUID()}`] },
  })
}
