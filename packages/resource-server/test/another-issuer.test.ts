import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { JWTValidator } from '../src/index.ts'
import { type AuthorizationOptions, MCPServer, tool } from '../src/mcp.ts'
import { client, type IssuerDouble, resource, startIssuer } from './issuer-double.ts'

let holdfast: IssuerDouble
let idp: IssuerDouble
beforeEach(async () => {
  holdfast = await startIssuer()
  idp = await startIssuer()
})
afterEach(async () => {
  await holdfast[Symbol.asyncDispose]()
  await idp[Symbol.asyncDispose]()
})

const callsUpstream = tool({ name: 'upstream', inputSchema: z.object({}) }, async (_input, ctx) => {
  await ctx.dispatch('github', { method: 'GET', path: '/user' })
  return { content: [] }
})

/** A server that takes the tokens of `idp` and dispatches through `holdfast`. */
const make = (authorization: Partial<AuthorizationOptions>): MCPServer =>
  new MCPServer({
    server: () => new McpServer({ name: 'files', version: '1.0.0' }),
    handler: createMcpHandler,
    authorization: { resource, authorizationServers: [idp.issuer], client, ...authorization },
  })
    .setAuthorizationProvider(
      new JWTValidator({
        jwksUri: `${idp.issuer}/.well-known/jwks.json`,
        issuer: idp.issuer,
        audience: resource,
      }),
    )
    .collect(callsUpstream)

const call = async (server: MCPServer): Promise<Response> =>
  server.fetch(
    new Request(resource, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await idp.signToken({
          'ddls:connections': { github: 'ddls:conn:x-github' },
        })}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'upstream', arguments: {} },
      }),
    }),
  )

describe('a server with tokens of another issuer and a client at Holdfast', () => {
  test('sends clients to that issuer, and its own secret and users’ tokens to Holdfast only', async () => {
    const server = make({ issuer: holdfast.issuer })
    expect(server.guard?.metadata.authorization_servers).toEqual([idp.issuer])
    expect(await (await call(server)).text()).toContain('of another issuer')
    expect(holdfast.count('/oauth2/token')).toBe(1)
    expect(holdfast.exchanges[0]?.get('subject_token')).toBeTruthy()
    await server.publishManifest().catch(() => undefined)
    const manifest = `/v1/resources/${encodeURIComponent(resource)}/manifest`
    expect(holdfast.count(manifest)).toBe(1)
    expect(idp.count('/.well-known/jwks.json')).toBe(1)
    expect(idp.count('/oauth2/token') + idp.count(manifest)).toBe(0)
  })

  test('does not start, and sends nothing, until it says which of the two Holdfast is', async () => {
    const server = make({})
    expect(() => server.guard).toThrow(/^MCPServer authorization: client.* needs issuer/)
    await expect(server.publishManifest()).rejects.toThrow(/needs issuer/)
    await expect(call(server)).rejects.toThrow(/needs issuer/)
    for (const path of ['/oauth2/token', '/oauth2/deny-list', '/.well-known/jwks.json']) {
      expect(idp.count(path)).toBe(0)
    }
  })
})

test('without another issuer, clients are sent where the accepted tokens are from', () => {
  const server = (authorization: Partial<AuthorizationOptions>): MCPServer =>
    new MCPServer({
      server: () => new McpServer({ name: 'files', version: '1.0.0' }),
      handler: createMcpHandler,
      authorization: {
        resource,
        authorizationServers: [holdfast.issuer],
        client,
        ...authorization,
      },
    })
  expect(server({}).guard?.metadata.authorization_servers).toEqual([holdfast.issuer])
  const both = [idp.issuer, holdfast.issuer]
  expect(
    server({ issuer: holdfast.issuer, authorizationServers: both }).guard?.metadata
      .authorization_servers,
  ).toEqual(both)
  expect(() => server({ issuer: idp.issuer }).guard).toThrow(
    /authorizationServers must name issuer/,
  )
})
