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
      /negative/,
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
  test('can be limited, and others then get no CORS headers', async () => {
    const guard = protectedResource({ ...valid, allowedOrigins: ['https://app.example'] })
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
  })
})
