import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { edit } from './helpers/edit-database.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  callerFor,
  type Caller,
  connectAccount,
  makeApp,
  makePerson,
  usable,
} from './helpers/token-connections.ts'
import { startTokenProvider, type TokenProvider } from './helpers/token-provider.ts'
import { callApi, callDispatch, startVaultApp, type VaultApp } from './helpers/vault-app.ts'

let dataDir: string
let provider: TokenProvider
let enclave: RealEnclave
let app: VaultApp
let admin: Caller
let ann: Caller
let oauthApp: string

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-crash-'))
  provider = await startTokenProvider()
  enclave = await startRealEnclave({ upstreams: [provider.authority], caPem: provider.caPem })
  app = await startVaultApp({ enclaveSocket: enclave.socket, dataDir })
  admin = await callerFor(app, await makePerson(app, 'root', 'admin'), 'admin connections:write')
  ann = await callerFor(app, await makePerson(app, 'ann'))
  oauthApp = await makeApp(app, admin, provider)
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

const me = (handle: string) => ({
  connection_handle: handle,
  request: { method: 'GET', path: '/api/me' },
})

const makeDue = (handle: string): void =>
  edit(
    app,
    'update connections set token_refresh_at_ms = 1, token_expires_at_ms = 1 where handle = ?',
    handle,
  )

test('a control plane that is killed between answer and commit costs no single-use refresh token', async () => {
  const { handle, caller } = await connectAccount(app, ann, provider, oauthApp)
  makeDue(handle)
  const asked = provider.asked['refresh_token'] ?? 0
  const dying = fork(
    join(import.meta.dirname, 'fixtures/dying-refresher.ts'),
    [dataDir, enclave.socket, handle],
    { execArgv: ['--conditions=@holdfast/source', '--no-warnings'] },
  )
  const exited = once(dying, 'exit')
  expect(await once(dying, 'message')).toEqual(['answered', undefined])
  dying.kill('SIGKILL')
  await exited

  const reply = await callDispatch(app, caller, me(handle))
  expect(reply.json.success, reply.text).toBe(true)
  expect(provider.asked['refresh_token']).toBe(asked + 1)
  // The family lives: the token that the dead one was given is the one that is used next.
  makeDue(handle)
  expect((await callDispatch(app, caller, me(handle))).json.success).toBe(true)
  expect(provider.asked['refresh_token']).toBe(asked + 2)
})

test('a renewal that its process left is ended by another one, before anybody calls', async () => {
  const { handle } = await connectAccount(app, ann, provider, oauthApp)
  const before = await app.context.storage.connections.find(handle)
  edit(
    app,
    `update connections set refresh_owner = 'a dead process', refresh_until_ms = 1 where handle = ?`,
    handle,
  )
  app.context.tokenMaintenance.kick()
  await expect
    .poll(async () => (await app.context.storage.connections.find(handle))?.recordVersion)
    .toBe(before!.recordVersion + 1)
})

test('a provider that is down when a connection is revoked is told later, also after a restart', async () => {
  const { handle } = await connectAccount(app, ann, provider, oauthApp)
  provider.trick = (request, response) => {
    if (request.url !== '/token/revocation') return false
    response.writeHead(503).end()
    return true
  }
  const ended = provider.ended.length
  await callApi(app, ann.api, 'DELETE', `/v1/connections/${handle}`)
  const { tokenRevocations } = app.context.storage
  expect(await tokenRevocations.count()).toBe(1)
  const { caller } = await usable(app, ann, handle)
  expect((await callDispatch(app, caller, me(handle))).json.error.code).toBe('CONNECTION_REVOKED')
  await app[Symbol.asyncDispose]()

  provider.trick = undefined
  app = await startVaultApp({ enclaveSocket: enclave.socket, dataDir })
  app.advance(3_600_000)
  await expect
    .poll(
      async () => {
        app.context.tokenMaintenance.kick()
        return app.context.storage.tokenRevocations.count()
      },
      { timeout: 20_000 },
    )
    .toBe(0)
  expect(provider.ended.length).toBe(ended + 1)
  const events = await app.context.storage.audit.read({ limit: 1000 })
  expect(events.filter(({ connection }) => connection === handle).at(-1)).toMatchObject({
    type: 'connection.provider_revoked',
    outcome: 'success',
  })
})
