import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EnclaveDouble, startEnclaveDouble } from './helpers/enclave-double.ts'
import {
  apiToken,
  type Bound,
  callApi,
  makeUser,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

let enclave: EnclaveDouble
let app: VaultApp
let annApi: Bound
let bobApi: Bound
let rootApi: Bound

beforeAll(async () => {
  enclave = await startEnclaveDouble()
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  annApi = await apiToken(app, (await makeUser(app, 'ann')).id, 'api-keys grants:write admin')
  bobApi = await apiToken(app, (await makeUser(app, 'bob')).id, 'api-keys connections:write')
  rootApi = await apiToken(app, (await makeUser(app, 'root', 'admin')).id, 'admin')
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await enclave?.[Symbol.asyncDispose]()
})

test('a key is shown once, listed without itself, and revoked by its owner alone', async () => {
  const made = await callApi(app, annApi, 'POST', '/v1/api-keys', { label: 'nightly' })
  expect(made.status, made.text).toBe(201)
  expect(made.json.key).toMatch(/^dsk-live-/)
  const { id } = made.json.properties
  const listed = await callApi(app, annApi, 'GET', '/v1/api-keys')
  expect(listed.json.data).toMatchObject([{ id, label: 'nightly', revoked_at: null }])
  expect(listed.text).not.toContain(made.json.key.slice(-30))
  expect((await callApi(app, bobApi, 'GET', '/v1/api-keys')).json.data).toEqual([])
  expect((await callApi(app, bobApi, 'DELETE', `/v1/api-keys/${id}`)).status).toBe(404)
  const revoked = await callApi(app, annApi, 'DELETE', `/v1/api-keys/${id}`)
  expect(revoked.json.revoked_at).toEqual(expect.any(String))
  expect((await callApi(app, annApi, 'DELETE', `/v1/api-keys/${id}`)).json).toEqual(revoked.json)
})

test('a key needs the scope for keys, and nothing that its maker does not have', async () => {
  const reserved = await callApi(app, bobApi, 'POST', '/v1/connections', {
    provider: 'github',
    base_url: 'https://api.example.com',
    policy: { methods: ['GET'], paths: ['/user'], resources: ['*'] },
  })
  const connections = { github: reserved.json.handle }
  const foreign = await callApi(app, annApi, 'POST', '/v1/api-keys', { connections })
  expect([foreign.status, foreign.text.includes(reserved.json.handle)]).toEqual([400, false])
  expect((await callApi(app, bobApi, 'POST', '/v1/api-keys', { connections })).status).toBe(201)
  for (const wrong of [
    { resources: [`${app.issuer}/v1`] },
    { resources: ['https://unknown.example/'] },
    { resources: [] },
    { expires_in: 1 },
    { environment: 'prod' },
    { key: 'dsk-live-mine' },
  ]) {
    expect((await callApi(app, annApi, 'POST', '/v1/api-keys', wrong)).status).toBe(400)
  }
  expect((await callApi(app, rootApi, 'POST', '/v1/api-keys', {})).status).toBe(403)
})

test('issuers are for administrators', async () => {
  const issuer = 'https://idp.example'
  expect((await callApi(app, annApi, 'GET', '/v1/issuers')).status).toBe(403)
  expect((await callApi(app, bobApi, 'POST', '/v1/issuers', { issuer })).status).toBe(403)
  expect((await callApi(app, rootApi, 'POST', '/v1/issuers', { issuer })).status).toBe(400)
  expect((await callApi(app, rootApi, 'GET', '/v1/issuers')).json.data).toEqual([])
  expect((await callApi(app, rootApi, 'DELETE', '/v1/issuers/ti_x')).status).toBe(404)
})
