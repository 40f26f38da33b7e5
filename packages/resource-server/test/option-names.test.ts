import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { protectedResource } from '../src/index.ts'
import { authorizedTool, MCPServer, tool } from '../src/mcp.ts'
import { client, resource } from './issuer-double.ts'

// As code without types, configuration files and unset variables give them.
const untyped = (value: unknown): never => value as never

const server = (authorization: object, more: object = {}): MCPServer =>
  new MCPServer(
    untyped({
      server: () => new McpServer({ name: 'files', version: '1.0.0' }),
      handler: createMcpHandler,
      authorization: {
        resource,
        authorizationServers: ['https://auth.example'],
        client,
        ...authorization,
      },
      ...more,
    }),
  )
const guard = (options: object): unknown =>
  protectedResource(untyped({ issuer: 'https://auth.example', resource, client, ...options }))

describe('an MCPServer does not start', () => {
  const wrong: ReadonlyArray<[object, RegExp]> = [
    [{ required_scopes: ['admin'] }, /no option "required_scopes"; did you mean requiredScopes\?/],
    [{ requiredScope: ['admin'] }, /did you mean requiredScopes\?/],
    [{ scopes: { required: ['admin'] } }, /did you mean requiredScopes and requestedScopes\?/],
    [{ dpop: 'required' }, /did you mean dpopRequired\?/],
    [{ requireDpop: true }, /did you mean dpopRequired\?/],
    [{ require_dpop: true }, /did you mean dpopRequired\?/],
    [{ dpop_required: true }, /did you mean dpopRequired\?/],
    [{ dpopLeewaySeconds: 30 }, /did you mean dpopLeeway\?/],
    [{ zzz: 1 }, /no option "zzz"; there is issuer, /],
    [{ requiredScopes: 'admin' }, /requiredScopes must be a list of texts/],
    [{ requiredScopes: [undefined] }, /requiredScopes must be a list of texts/],
    [{ requiredScopes: null }, /requiredScopes must be a list of texts/],
    [{ dpopRequired: 'true' }, /dpopRequired must be true or false/],
    [{ enabled: 'false' }, /enabled must be true or false/],
    [{ failOpen: 1 }, /failOpen must be true or false/],
    [{ scopeEnforcement: 'alway' }, /scopeEnforcement must be one of auto, always, never/],
    [{ scopeHierarchy: 'prefx' }, /scopeHierarchy must be one of prefix/],
    [{ scopeHierarchy: { admin: 'a' } }, /scopeHierarchy: "admin" must be a list of texts/],
    [{ dpopLeeway: Number.NaN }, /: dpopLeeway must be 1 to 300/],
    [{ cacheTtl: -1 }, /: cacheTtl must be 0 to/],
    [{ authorizationServers: [] }, /authorizationServers must not be empty/],
    [{ authorizationServers: undefined }, /authorizationServers is missing/],
    [{ resource: undefined }, /resource is missing/],
    [{ client: { id: 'a', secret: undefined } }, /client: secret is missing/],
    [{ client: { id: 'a', secret: '' } }, /client: secret must be a text/],
    [{ client: { id: 'a', secret: 'b', secert: 'c' } }, /client: there is no option "secert"/],
    [{ publicPaths: '/healthz' }, /publicPaths must be a list of texts/],
    [{ allowedOrigins: 'https://app.example' }, /allowedOrigins must be '\*' or a list of origins/],
    [{ allowedOrigins: ['https://app.example/'] }, /allowedOrigins must be '\*' or a list/],
    [{ revocation: true }, /revocation must be an object/],
    [{ revocation: { maxStaleMs: Number.NaN } }, /revocation: maxStaleMs must be 0 to/],
    [{ revocation: { outageGraceMs: Infinity } }, /revocation: outageGraceMs must be 0 to/],
    [{ failOpen: true }, /failOpen is for a server on a loopback address only/],
    [
      { failOpen: true, resource: 'http://localhost:8000', publicUrl: 'https://mcp.example' },
      /failOpen is for a server on a loopback address only/,
    ],
    [{ replay: {} }, /replay must have a method use/],
    [{ authorizationProvider: {} }, /authorizationProvider must have a method verify/],
  ]
  test.each(wrong)('with %j', (options, message) => {
    const refused = (): unknown => server(options).guard
    expect(refused).toThrow(TypeError)
    expect(refused).toThrow(message)
    expect(refused).toThrow(/^MCPServer authorization: /)
  })

  test('with an issuer that cannot be, named as it was written', () => {
    const first = (authorizationServers: unknown): unknown => server({ authorizationServers }).guard
    expect(() => first(['https://auth.example/'])).toThrow(
      'the first of authorizationServers must be written https://auth.example',
    )
    expect(() => first(['http://auth.example'])).toThrow(
      'the first of authorizationServers must use https',
    )
    expect(() => server({ resource: 'https://MCP.example/mcp' }).guard).toThrow(
      'guard: resource must be written https://mcp.example/mcp',
    )
  })

  test('with unknown options of its own, or scopes that are no lists', () => {
    expect(() => server({}, { tool_scopes: {} })).toThrow(/MCPServer: .*did you mean toolScopes\?/)
    expect(() => server({}, { stepUp: 'chalenge' })).toThrow(/stepUp must be one of/)
    expect(() => server({}, { toolScopes: { raw: 'raw:run' } })).toThrow(
      /toolScopes: "raw" must be a list of texts/,
    )
    expect(() => server({}, { authorization: undefined })).toThrow(/authorization is missing/)
  })

  test('and names no value, which may be a secret', () => {
    try {
      void server({ client: 'hunter2' }).guard
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toContain('hunter2')
    }
  })
})

describe('a guard cannot be made', () => {
  const wrong: ReadonlyArray<[object, RegExp]> = [
    [{ requiredScopes: ['admin'] }, /did you mean scopes: \{ required: \[ … \] \}\?/],
    [{ scopes: { require: ['admin'] } }, /scopes: there is no option "require"; did you mean req/],
    [{ scopes: { required: 'admin' } }, /scopes: required must be a list of texts/],
    [{ scopes: ['admin'] }, /scopes must be an object/],
    [{ dpopRequired: true }, /did you mean dpop: 'required'\?/],
    [{ dpop: 'require' }, /dpop must be one of off, preferred, required/],
    [{ dpopLeewaySeconds: Number.NaN }, /dpopLeewaySeconds must be 1 to 300/],
    // Its tokens are not known to be the issuer's, and clients would be sent there for them.
    [{ authorizationProvider: { verify: () => undefined } }, /name the issuers in authorizationS/],
    [{ metadataMaxAgeSeconds: Number.NaN }, /metadataMaxAgeSeconds must be 0 to/],
  ]
  test.each(wrong)('with %j', (options, message) => {
    expect(() => guard(options)).toThrow(message)
  })
})

describe('a tool cannot be made', () => {
  const run = async (): Promise<{ content: [] }> => ({ content: [] })
  const wrong: ReadonlyArray<[object, RegExp]> = [
    [{ required_scopes: ['a'] }, /ool "t": .*did you mean requiredScopes\?/],
    [{ scopes: ['a'] }, /did you mean requiredScopes\?/],
    [{ requiredScopes: 'a' }, /requiredScopes must be a list of texts/],
  ]
  test.each(wrong)('with %j', (options, message) => {
    const made = { name: 't', inputSchema: z.object({}), ...options }
    expect(() => tool(untyped(made), run)).toThrow(message)
    expect(() => authorizedTool(untyped({ name: 't', ...options }), untyped(run))).toThrow(message)
  })

  test('without a name', () => {
    expect(() => tool(untyped({ inputSchema: z.object({}) }), run)).toThrow(/name is missing/)
  })
})
