import { describe, expect, test } from 'vitest'
import { protectedResource, type ProtectedResourceOptions } from '../src/index.ts'

const valid: ProtectedResourceOptions = {
  issuer: 'https://as.example',
  resource: 'https://mcp.example/mcp',
  revocation: false,
}

describe('options', () => {
  const wrong: ReadonlyArray<[string, Partial<ProtectedResourceOptions>, RegExp]> = [
    ['issuer without scheme', { issuer: 'as.example' }, /issuer must be an absolute URL/],
    ['issuer over http', { issuer: 'http://as.example' }, /issuer must use https/],
    ['issuer with a slash', { issuer: 'https://as.example/' }, /written https:\/\/as\.example$/],
    ['resource in capitals', { resource: 'https://MCP.example/mcp' }, /resource must be written/],
    ['resource with a query', { resource: 'https://mcp.example/?x' }, /no query/],
    ['resource of another scheme', { resource: 'urn:mcp' }, /http or https/],
    ['a scope with a blank', { scopes: { required: ['a b'] } }, /scope holds a blank/],
    [
      'a negative bound',
      { client: { id: 'a', secret: 'b' }, revocation: { maxStaleMs: -1 } },
      /maxStaleMs must be 0 to/,
    ],
  ]
  test.each(wrong)('with %s stop the start', (_name, options, message) => {
    expect(() => protectedResource({ ...valid, ...options })).toThrow(message)
  })

  test('give the metadata their names, documentation and scopes', () => {
    const { metadata, metadataUrl } = protectedResource({
      ...valid,
      resource: 'http://localhost:8000',
      name: 'Files',
      documentation: 'https://docs.example',
      dpop: 'required',
      scopes: { required: ['a'], supported: ['b'], requested: ['a'] },
    })
    expect(metadataUrl).toBe('http://localhost:8000/.well-known/oauth-protected-resource')
    expect(metadata).toEqual({
      resource: 'http://localhost:8000',
      authorization_servers: ['https://as.example'],
      bearer_methods_supported: ['header'],
      scopes_supported: ['a', 'b'],
      dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519'],
      dpop_bound_access_tokens_required: true,
      resource_name: 'Files',
      resource_documentation: 'https://docs.example',
    })
  })
})

describe('browser origins', () => {
  test('can be limited: others get no CORS headers, and 403 whatever token they have', async () => {
    const guard = protectedResource({ ...valid, allowedOrigins: ['https://app.example'] })
    const statusOf = async (origin?: string, target = '/mcp'): Promise<number | undefined> => {
      const header = (name: string): readonly string[] =>
        name === 'origin' && origin !== undefined ? [origin] : []
      return (await guard.check({ method: 'POST', target, header })).answer?.status
    }
    const preflight = async (origin: string): Promise<Readonly<Record<string, string>>> => {
      const values: Record<string, string> = { origin, 'access-control-request-method': 'POST' }
      const decision = await guard.check({
        method: 'OPTIONS',
        target: '/mcp',
        header: (name) => (values[name] === undefined ? [] : [values[name]]),
      })
      return decision.answer?.headers ?? {}
    }
    expect((await preflight('https://app.example'))['access-control-allow-origin']).toBe(
      'https://app.example',
    )
    expect(await preflight('https://evil.example')).not.toHaveProperty(
      'access-control-allow-origin',
    )
    for (const origin of ['https://evil.example', 'null', 'https://app.example.evil', '']) {
      expect(await statusOf(origin)).toBe(403)
    }
    for (const origin of ['https://app.example', 'https://mcp.example', undefined]) {
      expect(await statusOf(origin)).toBe(401)
    }
    expect(await statusOf('https://evil.example', '/.well-known/oauth-protected-resource')).toBe(
      405,
    )
  })
})
