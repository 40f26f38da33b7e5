import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grantTypes } from '../src/oauth/grant-types.ts'
import { registerClient } from '../src/registration/clients.ts'
import { addClient, addResource, postForm } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

/** A client that may do nothing but sign people in, and one that may only act for itself. */
let signsIn: Record<string, string>
let machine: Record<string, string>
let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
  await addResource(server)
  const { client_id: id } = await addClient(server, { grant_types: ['authorization_code'] })
  signsIn = { client_id: id }
  const { client, secret = '' } = await registerClient(
    server.ctx,
    {
      client_name: 'Nightly job',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
    },
    'usr_admin',
  )
  machine = { client_id: client.clientId, client_secret: secret }
})
afterAll(() => server.stop())

const refusal = {
  error: 'unauthorized_client',
  error_description: 'this client is not registered for this grant type (grant_types)',
}

describe('a client that is not registered for a grant is told so (RFC 6749 section 5.2)', () => {
  test.each(Object.values(grantTypes))('%s', async (grantType) => {
    const client = grantType === grantTypes.authorizationCode ? machine : signsIn
    for (const path of ['/oauth2/token', '/token']) {
      const { status, body } = await postForm(server, path, { grant_type: grantType, ...client })
      expect([status, body]).toEqual([400, refusal])
    }
  })

  test('device authorization', async () => {
    const { status, body } = await postForm(server, '/oauth2/device/auth', signsIn)
    expect([status, body]).toEqual([400, refusal])
  })

  test('and the audit log says the same', async () => {
    const records = (await server.ctx.storage.audit.read({ limit: 200 })).filter(
      ({ outcome }) => outcome === 'denied',
    )
    expect(new Set(records.map(({ type }) => type))).toEqual(
      new Set(['token.refused', 'device_authorization.refused']),
    )
    for (const { detail } of records) expect(detail).toMatchObject({ error: refusal.error })
  })
})

describe('other refusals keep their names', () => {
  test.each([
    ['a grant that does not exist', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no grant type', {}, 'invalid_request'],
    ['a name that every object has', { grant_type: 'toString' }, 'unsupported_grant_type'],
    ['a grant that it may use, wrongly', { grant_type: 'authorization_code' }, 'invalid_request'],
  ])('%s', async (_what, parameters, error) => {
    const { body } = await postForm(server, '/oauth2/token', { ...parameters, ...signsIn })
    expect(body['error']).toBe(error)
  })

  test('a wrong secret comes first: strangers learn nothing of what a client may do', async () => {
    const { status, body } = await postForm(server, '/oauth2/token', {
      ...machine,
      client_secret: 'wrong',
      grant_type: grantTypes.refreshToken,
    })
    expect([status, body['error']]).toEqual([401, 'invalid_client'])
  })
})
