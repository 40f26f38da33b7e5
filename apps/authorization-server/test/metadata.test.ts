import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addResource } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  await addResource(server)
})
afterAll(() => server.stop())

const read = async (path: string): Promise<Record<string, unknown>> =>
  (await (await fetch(server.issuer + path)).json()) as Record<string, unknown>

describe('metadata', () => {
  test('says what is offered, and nothing else', async () => {
    const metadata = await read('/.well-known/oauth-authorization-server')
    const { issuer } = server
    expect(metadata).toMatchObject({
      issuer,
      authorization_endpoint: `${issuer}/oauth2/auth`,
      token_endpoint: `${issuer}/oauth2/token`,
      revocation_endpoint: `${issuer}/oauth2/revoke`,
      userinfo_endpoint: `${issuer}/oauth2/userinfo`,
      introspection_endpoint: `${issuer}/oauth2/introspect`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'fragment'],
      authorization_response_iss_parameter_supported: true,
      registration_endpoint: `${issuer}/oauth2/register`,
      client_id_metadata_document_supported: true,
    })
    expect(new Set(metadata['grant_types_supported'] as string[])).toEqual(
      new Set([
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
        'urn:ietf:params:oauth:grant-type:token-exchange',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
      ]),
    )
    expect(metadata['authorization_grant_profiles_supported']).toEqual([
      'urn:ietf:params:oauth:grant-profile:id-jag',
    ])
    expect(metadata['scopes_supported']).toEqual(
      expect.arrayContaining(['openid', 'notes:read', 'notes:write']),
    )
    expect(metadata['dpop_signing_alg_values_supported']).toContain('ES256')
    for (const absent of ['end_session_endpoint']) {
      expect(metadata).not.toHaveProperty(absent)
    }
  })

  test('is the same under the OpenID path', async () => {
    expect(await read('/.well-known/openid-configuration')).toEqual(
      await read('/.well-known/oauth-authorization-server'),
    )
  })

  test('and keys may be read by any web page', async () => {
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/jwks.json']) {
      const { headers } = await fetch(server.issuer + path, {
        headers: { origin: 'https://app.example' },
      })
      expect(['*', 'https://app.example']).toContain(headers.get('access-control-allow-origin'))
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  test('keys are ES256 and carry no private part, while the enclave is away', async () => {
    const { keys } = (await read('/.well-known/jwks.json')) as { keys: Record<string, unknown>[] }
    expect(keys.length).toBeGreaterThanOrEqual(2)
    for (const key of keys) {
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' })
      expect(key).not.toHaveProperty('d')
    }
  })
})
