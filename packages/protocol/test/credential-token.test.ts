import { describe, expect, it } from 'vitest'
import {
  type CredentialKind,
  credentialKindSchema,
  decodeEnvelope,
  encodeEnvelope,
  isTokenKind,
  type OAuthApp,
  parseConnectionHandle,
  secretFieldsOf,
  utf8,
} from '../src/index.ts'

const clientCredentials = {
  kind: 'oauth2_client_credentials',
  client_id: 'robot',
  token_endpoint: 'https://accounts.example/token',
  token_endpoint_auth_method: 'client_secret_basic',
} as const

const app: OAuthApp = {
  kind: 'oauth2_app',
  client_id: 'holdfast',
  authorization_endpoint: 'https://accounts.example/authorize?tenant=acme',
  token_endpoint: 'https://accounts.example/token',
  token_endpoint_auth_method: 'client_secret_post',
  scopes: ['repo', 'https://www.example.com/auth/drive.readonly'],
}

const issued = { generation: 'A'.repeat(22), expires_at_ms: 1, scopes: [] }

const isValid = (kind: unknown): boolean => credentialKindSchema.safeParse(kind).success

const envelope = (credential: CredentialKind, secrets: Record<string, string>) =>
  encodeEnvelope({
    header: {
      credential,
      base_url: 'https://api.example',
      binding: {
        handle: parseConnectionHandle('ddls:conn:01J0000000000000000000000A-test'),
        owner: 'usr_1',
        provider: 'test',
        allowed_hosts: ['api.example'],
        upload_nonce: '0'.repeat(16),
        created_at: 0,
        pins: {},
      },
    },
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, one]) => [name, utf8(one)])),
  })

describe('kinds with tokens', () => {
  it('are told apart from the others', () => {
    expect(isTokenKind(clientCredentials)).toBe(true)
    expect(isTokenKind({ kind: 'github_app' })).toBe(true)
    expect(isTokenKind({ kind: 'oauth2_app' })).toBe(false)
    expect(isTokenKind({ kind: 'bearer' })).toBe(false)
  })

  it.each([
    'http://accounts.example/token',
    'https://user:pw@accounts.example/token',
    'https://accounts.example/token#fragment',
    'https://accounts.example/to ken',
    'https:accounts.example/token',
    'accounts.example/token',
    'https://',
  ])('do not take the endpoint %s', (token_endpoint) => {
    expect(isValid({ ...clientCredentials, token_endpoint })).toBe(false)
  })

  it.each(['client_secret', 'code_verifier', 'redirect_uri', 'state', 'scope', 'assertion'])(
    'do not let a further parameter stand for %s',
    (name) => {
      expect(isValid({ ...app, authorization_parameters: { [name]: 'x' } })).toBe(false)
      expect(isValid({ ...clientCredentials, parameters: { [name]: 'x' } })).toBe(false)
    },
  )

  it('take further parameters, endpoints with a query and a header of their own', () => {
    expect(isValid({ ...app, authorization_parameters: { access_type: 'offline' } })).toBe(true)
    const header = { name: 'x-token', template: 'token {access_token}' }
    expect(isValid({ ...clientCredentials, header })).toBe(true)
    expect(isValid({ ...clientCredentials, header: { ...header, template: 'x' } })).toBe(false)
  })

  it('hold a token only where the enclave wrote when it ends', () => {
    expect(secretFieldsOf(clientCredentials)).toMatchObject({ required: ['client_secret'] })
    const minted = { ...clientCredentials, issued }
    expect(secretFieldsOf(minted)).toMatchObject({ required: ['client_secret', 'access_token'] })
    const bytes = envelope(minted, { client_secret: 's', access_token: 't' })
    expect(Object.keys(decodeEnvelope(bytes).secrets)).toEqual(['client_secret', 'access_token'])
    expect(() => envelope(minted, { client_secret: 's' })).toThrow('access_token')
  })

  it('need a client secret unless the client is public, and then have none', () => {
    expect(() => envelope(app, {})).toThrow('client_secret')
    const open: OAuthApp = { ...app, token_endpoint_auth_method: 'none' }
    expect(decodeEnvelope(envelope(open, {})).secrets).toEqual({})
    expect(decodeEnvelope(envelope(open, { client_secret: 'x' })).secrets).toEqual({})
  })

  it('keep the line breaks of a private key, and refuse them elsewhere', () => {
    const github: CredentialKind = {
      kind: 'github_app',
      api_url: 'https://api.github.com',
      app_id: '1',
      installation_id: '2',
    }
    const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
    const { secrets } = decodeEnvelope(envelope(github, { private_key: pem }))
    expect(Buffer.from(secrets['private_key']!).toString()).toBe(pem)
    expect(() => envelope(clientCredentials, { client_secret: 'a\nb' })).toThrow('line break')
  })
})

describe('a request for revocation', () => {
  const request = {
    method: 'DELETE',
    url: 'https://api.accounts.example/applications/{client_id}/tokens/{token}',
    authentication: 'client',
    headers: { accept: 'application/json' },
    body: { format: 'json', fields: { access_token: '{token}' } },
    gone: { statuses: [404], errors: ['token_revoked'] },
  }
  const withRequest = (change: object): unknown => ({
    ...app,
    revocation_request: { ...request, ...change },
  })

  it('stands beside an app, a machine client and a service account', () => {
    expect(isValid(withRequest({}))).toBe(true)
    expect(isValid({ ...clientCredentials, revocation_request: request })).toBe(true)
  })

  it.each([
    ['http', { url: 'http://accounts.example/{token}' }],
    ['a token in the host', { url: 'https://{token}.accounts.example/' }],
    ['a client id in the host', { url: 'https://accounts.example{client_id}/' }],
    ['a client secret in the URL', { url: 'https://accounts.example/{client_secret}' }],
    ['a user name', { url: 'https://a:b@accounts.example/' }],
    ['a slot that nothing fills', { body: { format: 'form', fields: { a: '{refresh_token}' } } }],
    ['a header that frames the message', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['another host', { headers: { Host: 'evil.example' } }],
    ['two authorizations', { headers: { Authorization: 'Client {client_secret}' } }],
    ['a line break in a header', { headers: { 'x-a': 'a\r\nb' } }],
    ['a method that ends nothing', { method: 'GET' }],
    ['a success as the sign of a dead token', { gone: { statuses: [200] } }],
  ])('is refused with %s', (_what, change) => {
    expect(isValid(withRequest(change))).toBe(false)
  })
})

describe('an authorization request', () => {
  it.each(['request', 'request_uri', 'redirect_uri', 'state'])(
    'cannot be replaced by a sealed parameter %s',
    (name) => {
      expect(
        isValid({ ...app, authorization_parameters: { [name]: 'https://evil.example' } }),
      ).toBe(false)
    },
  )
})
