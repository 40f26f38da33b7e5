import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  callerFor,
  type Caller,
  clientCredentials,
  connectSealed,
  makePerson,
} from './helpers/token-connections.ts'
import { startTokenProvider, type TokenProvider } from './helpers/token-provider.ts'
import { callDispatch, startVaultApp, type VaultApp } from './helpers/vault-app.ts'

let provider: TokenProvider
let enclave: RealEnclave
let app: VaultApp
let ann: Caller

beforeAll(async () => {
  provider = await startTokenProvider()
  enclave = await startRealEnclave({ upstreams: [provider.authority], caPem: provider.caPem })
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  ann = await callerFor(app, await makePerson(app, 'ann'))
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
afterEach(() => {
  provider.trick = undefined
})

const me = (handle: string, rest: object = {}) => ({
  connection_handle: handle,
  request: { method: 'GET', path: '/api/me', ...rest },
})

const connectClient = () =>
  connectSealed(app, ann, provider, clientCredentials(provider), {
    client_secret: provider.client.secret,
  })

describe('client credentials', () => {
  test('the first call gets a token, the next ones use it, and nobody outside sees it', async () => {
    const { handle, caller } = await connectClient()
    const first = await callDispatch(app, caller, me(handle))
    expect(first.json, first.text).toMatchObject({ success: true, response: { status: 200 } })
    expect(first.json.response.body).toEqual({ account: 'octo', echo: '[redacted by holdfast]' })
    const before = provider.asked['client_credentials']
    const second = await callDispatch(app, caller, me(handle))
    expect(second.json.success).toBe(true)
    expect(provider.asked['client_credentials']).toBe(before)
  })

  test('many first calls at once make one token', async () => {
    const { handle, caller } = await connectClient()
    const before = provider.asked['client_credentials'] ?? 0
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => callDispatch(app, caller, me(handle))),
    )
    expect(replies.map(({ json }) => json.success)).toEqual(Array(12).fill(true))
    expect(provider.asked['client_credentials']).toBe(before + 1)
  })
})
