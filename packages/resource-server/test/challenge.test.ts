import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { JWTValidator, protectedResource, type ProtectedResourceOptions } from '../src/index.ts'
import { nodeSha256, nodeVerifySignature } from '../src/node.ts'
import type { ResourceAnswer } from '../src/index.ts'
import { client, type IssuerDouble, resource, startIssuer } from './issuer-double.ts'

let issuer: IssuerDouble
beforeEach(async () => {
  issuer = await startIssuer()
})
afterEach(() => issuer[Symbol.asyncDispose]())

interface Call {
  readonly method?: string
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(
  options: Partial<ProtectedResourceOptions>,
  call: Call = {},
): Promise<ResourceAnswer> {
  const guard = protectedResource({
    issuer: issuer.issuer,
    resource,
    client,
    sha256: nodeSha256,
    verifySignature: nodeVerifySignature,
    ...options,
  })
  const decision = await guard.check({
    method: call.method ?? 'POST',
    target: call.target ?? '/mcp',
    header: (name) => {
      const value = call.headers?.[name]
      return value === undefined ? [] : [value]
    },
  })
  return decision.answer ?? { status: 200, headers: {}, body: null }
}

const challengeOf = ({ headers }: ResourceAnswer): string => headers['www-authenticate'] ?? ''
const bearer = async (claims: Record<string, unknown> = {}): Promise<Record<string, string>> => ({
  authorization: `Bearer ${await issuer.signToken(claims)}`,
})

describe('what clients are known to stumble over', () => {
  test('gotcha 10: another spelling of the resource is another audience, and metadata has one only', async () => {
    const origin = 'https://mcp.example'
    for (const aud of [`${origin}/`, `${origin}/mcp`, 'https://MCP.example', `${origin}:443`]) {
      const { status } = await ask({ resource: origin }, { headers: await bearer({ aud }) })
      expect(status).toBe(401)
    }
    const accepted = await ask({ resource: origin }, { headers: await bearer({ aud: origin }) })
    expect(accepted.status).toBe(200)
    const document = await ask(
      { resource: origin },
      { method: 'GET', target: '/.well-known/oauth-protected-resource' },
    )
    expect(JSON.parse(document.body ?? '')).toMatchObject({ resource: origin })
    expect(() =>
      protectedResource({ issuer: issuer.issuer, resource: `${origin}/`, client }),
    ).toThrow('must be written https://mcp.example')
  })

  test('gotcha 14: a preflight with the headers of MCP and DPoP is answered without a token', async () => {
    const asked = 'authorization, dpop, mcp-protocol-version, mcp-method, mcp-name, mcp-param-x'
    const { status, headers } = await ask(
      {},
      {
        method: 'OPTIONS',
        headers: {
          origin: 'https://app.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': asked,
        },
      },
    )
    expect(status).toBe(204)
    expect(headers['access-control-allow-headers']).toBe(asked)
    expect(headers).not.toHaveProperty('www-authenticate')
    const refused = await ask({}, { headers: { origin: 'https://app.example' } })
    expect(refused.headers['access-control-expose-headers']).toMatch(/WWW-Authenticate, DPoP-Nonce/)
  })

  test('gotcha 19: the issuer stands in metadata as the tokens spell it, byte for byte', async () => {
    const get = { method: 'GET', target: '/.well-known/oauth-protected-resource/mcp' }
    const ours = JSON.parse((await ask({}, get)).body ?? '') as { authorization_servers: string[] }
    expect(ours.authorization_servers).toEqual([issuer.issuer])
    const slashed = 'https://tenant.eu.auth0.example/'
    const authorizationProvider = new JWTValidator({
      jwksUri: `${slashed}.well-known/jwks.json`,
      issuer: slashed,
      audience: resource,
    })
    const guard = protectedResource({
      resource,
      authorizationProvider,
      authorizationServers: [slashed],
    })
    expect(guard.metadata.authorization_servers).toEqual([slashed])
    const other = `${issuer.issuer}/`
    const { status } = await ask({}, { headers: await bearer({ iss: other }) })
    expect(status).toBe(401)
  })

  test('gotcha 21: metadata is found at the root, with the path added, and where it is configured', async () => {
    for (const target of [
      '/.well-known/oauth-protected-resource',
      '/.well-known/oauth-protected-resource/mcp',
      '/auth/metadata',
    ]) {
      const { status, headers } = await ask(
        { metadataPath: '/auth/metadata' },
        { method: 'GET', target },
      )
      expect([status, headers['access-control-allow-origin']]).toEqual([200, '*'])
    }
    expect(challengeOf(await ask({}))).toContain(
      'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"',
    )
    expect(challengeOf(await ask({ metadataPath: '/auth/metadata' }))).toContain(
      'resource_metadata="https://mcp.example/auth/metadata"',
    )
  })

  test('gotcha 22: the first challenge names all useful scopes, and step-up keeps those that are held', async () => {
    const scopes = { required: ['tools:call'], supported: ['files:read', 'files:delete'] }
    expect(challengeOf(await ask({ scopes }))).toContain(
      'scope="tools:call files:read files:delete"',
    )
    const headers = await bearer({ scope: 'files:read openid' })
    const refused = await ask({ scopes }, { headers })
    expect(refused.status).toBe(403)
    expect(challengeOf(refused)).toContain('scope="tools:call files:read"')
  })

  test('gotcha 24: Bearer leads every challenge, and DPoP follows with its algorithms', async () => {
    for (const dpop of ['preferred', 'required'] as const) {
      expect(challengeOf(await ask({ dpop }))).toMatch(
        /^Bearer resource_metadata="[^"]+", DPoP algs="ES256 EdDSA Ed25519"$/,
      )
    }
    expect(challengeOf(await ask({ dpop: 'off' }))).not.toContain('DPoP')
    const unbound = await ask({ dpop: 'required' }, { headers: await bearer() })
    expect(challengeOf(unbound)).toMatch(/^Bearer error="invalid_token", .*, DPoP error=/)
  })

  test('gotcha 25: every 401 names scopes, so that a client need not guess', async () => {
    const scopes = { required: ['tools:call'] }
    const expired = await bearer({ exp: 1 })
    for (const call of [{}, { headers: expired }, { headers: { authorization: 'Basic eDp5' } }]) {
      const refused = await ask({ scopes }, call)
      expect(refused.status).toBe(401)
      expect(challengeOf(refused)).toContain('scope="tools:call"')
    }
  })
})

describe('a token without the scopes', () => {
  const cases: ReadonlyArray<
    [ProtectedResourceOptions['scopeEnforcement'], string | undefined, number]
  > = [
    ['auto', undefined, 403],
    ['auto', '2026-07-28', 403],
    ['auto', '2025-11-25', 403],
    ['auto', 'something-new', 403],
    ['auto', '2025-06-18', 401],
    ['auto', '2024-11-05', 401],
    ['always', '2025-06-18', 403],
    ['never', '2026-07-28', 401],
  ]
  test.each(cases)(
    'with enforcement %s and protocol %s is answered %i',
    async (scopeEnforcement, version, status) => {
      const headers = {
        ...(await bearer({ scope: 'other' })),
        ...(version === undefined ? {} : { 'mcp-protocol-version': version }),
      }
      const options = { scopes: { required: ['tools:call', 'files:read'] } }
      const refused = await ask(
        { ...options, scopeEnforcement: scopeEnforcement ?? 'auto' },
        { headers },
      )
      expect(refused.status).toBe(status)
      const [error, reason] =
        status === 403
          ? ['insufficient_scope', "missing scopes: ['files:read', 'tools:call']"]
          : ['invalid_token', "insufficient scopes: ['files:read', 'tools:call']"]
      expect(JSON.parse(refused.body ?? '')).toEqual({
        error,
        error_description: reason,
        detail: reason,
      })
      expect(challengeOf(refused)).toContain('scope="tools:call files:read"')
    },
  )

  test('is let in by a hierarchy that implies them, and by none otherwise', async () => {
    const scopes = { required: ['files:read'] }
    const headers = await bearer({ scope: 'files' })
    expect((await ask({ scopes }, { headers })).status).toBe(403)
    expect((await ask({ scopes, scopeHierarchy: 'prefix' }, { headers })).status).toBe(200)
    const table = { files: ['files:read'] }
    expect((await ask({ scopes, scopeHierarchy: table }, { headers })).status).toBe(200)
  })
})

describe('metadata', () => {
  const get = { method: 'GET', target: '/.well-known/oauth-protected-resource' }

  test('may be kept as long as is configured, is read only, and needs no token', async () => {
    const { headers } = await ask({ metadataMaxAgeSeconds: 60 }, get)
    expect(headers['cache-control']).toBe('public, max-age=60')
    expect((await ask({}, { ...get, method: 'POST' })).status).toBe(405)
  })

  test('and challenges do not repeat a host that the caller names', async () => {
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil',
    }
    const document = await ask({}, { ...get, headers })
    const refused = await ask({}, { headers })
    expect(`${document.body}${challengeOf(refused)}`).not.toContain('evil')
  })

  test('is not opened by a path that only looks like its own', async () => {
    for (const target of [
      '/.well-known/oauth-protected-resource/',
      '/.well-known/oauth-protected-resource/other',
      '/.well-known/OAuth-Protected-Resource',
      '/.well-known/../mcp',
      '//.well-known/oauth-protected-resource',
    ]) {
      expect((await ask({}, { method: 'GET', target })).status).toBe(401)
    }
  })
})

describe('a guard cannot be made', () => {
  const external = {
    authorizationProvider: { verify: () => Promise.reject(new Error('unused')) },
  }
  const wrong: ReadonlyArray<[string, Partial<ProtectedResourceOptions>, RegExp]> = [
    ['without any issuer', {}, /give issuer/],
    ['with a provider that nobody can find', external, /authorizationServers/],
    [
      'with an issuer on plain http',
      { ...external, authorizationServers: ['http://idp.example'] },
      /must use https/,
    ],
    [
      'with a client of nobody',
      { ...external, authorizationServers: ['https://a'], client },
      /needs issuer/,
    ],
    [
      'with a metadata path that is none',
      { issuer: 'https://a.example', revocation: false, metadataPath: 'x?y' },
      /plain path/,
    ],
    [
      'with a negative age',
      { issuer: 'https://a.example', revocation: false, metadataMaxAgeSeconds: -1 },
      /must be 0 to/,
    ],
  ]
  test.each(wrong)('%s', (_name, options, message) => {
    expect(() => protectedResource({ resource, ...options })).toThrow(message)
  })
})
