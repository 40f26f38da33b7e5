import { once } from 'node:events'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expressProtection } from '../src/express.ts'
import { fastifyProtection } from '../src/fastify.ts'
import { honoProtection } from '../src/hono.ts'
import { type AuthenticatedRequest, protectFetch, requestOfAuthInfo } from '../src/index.ts'
import { koaProtection } from '../src/koa.ts'
import { protectedResource, protectListener } from '../src/node.ts'
import type { ProtectedResource } from '../src/index.ts'
import {
  client,
  dpopHeaders,
  type IssuerDouble,
  listen,
  resource,
  startIssuer,
} from './issuer-double.ts'

let issuer: IssuerDouble
let key: DpopKey
let bound: string
beforeAll(async () => {
  issuer = await startIssuer()
  key = await generateDpopKey()
  bound = await issuer.signToken({ cnf: { jkt: key.jkt } })
})
afterAll(() => issuer[Symbol.asyncDispose]())

const whoami = (context: AuthenticatedRequest | undefined): Record<string, unknown> => ({
  subject: context?.auth.subject,
  scopes: context?.auth.scopes,
})

/** The smallest application of each framework that tells who called. */
const applications: Readonly<
  Record<string, (guard: ProtectedResource) => Server | Promise<Server>>
> = {
  'node:http': (guard) =>
    createServer(
      protectListener(guard, (_request, response, context) => {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(whoami(context)))
      }),
    ),
  express: (guard) => {
    const app = express()
    app.use(expressProtection(guard))
    app.use('/mcp', (request, response) => {
      const { auth } = request as { auth?: unknown }
      response.json(whoami(requestOfAuthInfo(auth)))
    })
    return createServer(app)
  },
  koa: (guard) => {
    const app = new Koa<{ auth?: AuthenticatedRequest }>()
    app.use(koaProtection(guard))
    app.use((context) => {
      context.body = whoami(context.state.auth)
    })
    const listener = app.callback()
    return createServer((request, response) => void listener(request, response))
  },
  fastify: async (guard) => {
    const app = fastify()
    app.addHook('onRequest', fastifyProtection(guard))
    app.post('/mcp', async (request) =>
      whoami(requestOfAuthInfo((request.raw as { auth?: unknown }).auth)),
    )
    await app.ready()
    return app.server
  },
  hono: (guard) => {
    const app = new Hono<{ Variables: { auth: AuthenticatedRequest } }>()
    app.use(honoProtection(guard))
    app.all('/mcp', (context) => context.json(whoami(context.get('auth'))))
    const listener = getRequestListener(app.fetch)
    return createServer((request, response) => void listener(request, response))
  },
  fetch: (guard) => {
    const handler = protectFetch(guard, (_request, context) => Response.json(whoami(context)))
    const listener = getRequestListener(handler)
    return createServer((request, response) => void listener(request, response))
  },
}

describe.each(Object.keys(applications))('%s', (name) => {
  let server: Server
  let origin: string
  beforeAll(async () => {
    const guard = protectedResource({
      issuer: issuer.issuer,
      resource,
      client,
      scopes: { required: ['tools:call'], supported: ['files:delete'] },
    })
    server = (await applications[name]?.(guard)) ?? createServer()
    origin = await listen(server)
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })

  const metadata = 'https://mcp.example/.well-known/oauth-protected-resource/mcp'

  test('answers 401 with absolute metadata and all useful scopes when there is no token', async () => {
    const response = await fetch(`${origin}/mcp`, { method: 'POST' })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer scope="tools:call files:delete", resource_metadata="${metadata}", DPoP algs="ES256 EdDSA Ed25519"`,
    )
    expect(await response.json()).toEqual({
      error: 'unauthorized',
      error_description: 'missing authorization header',
      detail: 'missing authorization header',
    })
  })

  test('serves its metadata at both places, whatever Host says', async () => {
    const suffixes = ['', '/mcp', '?x=1']
    for (const suffix of suffixes) {
      const path = `/.well-known/oauth-protected-resource${suffix}`
      const response = httpRequest(`${origin}${path}`, {
        headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
      })
      response.end()
      const [answer] = (await once(response, 'response')) as [NodeJS.ReadableStream]
      let text = ''
      for await (const chunk of answer) text += String(chunk)
      expect(text).not.toContain('evil')
      expect(JSON.parse(text)).toMatchObject({
        resource,
        authorization_servers: [issuer.issuer],
        scopes_supported: ['tools:call', 'files:delete'],
        bearer_methods_supported: ['header'],
        dpop_bound_access_tokens_required: false,
      })
    }
    const posted = await fetch(`${origin}/.well-known/oauth-protected-resource`, { method: 'POST' })
    expect(posted.status).toBe(405)
  })

  test('lets a bound token with its proof through, and the same proof never again', async () => {
    const headers = await dpopHeaders(key, bound, 'POST', resource)
    const response = await fetch(`${origin}/mcp?session=1`, {
      method: 'POST',
      headers: { ...headers, origin: 'https://app.example' },
    })
    expect(await response.json()).toEqual({ subject: 'usr_1', scopes: ['tools:call'] })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-expose-headers')).toMatch(
      /WWW-Authenticate, DPoP-Nonce/,
    )
    const replayed = await fetch(`${origin}/mcp`, { method: 'POST', headers })
    expect(replayed.status).toBe(401)
    expect(replayed.headers.get('www-authenticate')).toMatch(
      /^Bearer error="invalid_dpop_proof", error_description="the proof was used before"/,
    )
  })

  test('answers a preflight without asking for a token, and allows what is asked for', async () => {
    const response = await fetch(`${origin}/mcp`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, dpop, mcp-protocol-version, mcp-name',
      },
    })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'authorization, dpop, mcp-protocol-version, mcp-name',
    )
    expect((await fetch(`${origin}/mcp`, { method: 'OPTIONS' })).status).toBe(401)
  })

  test('answers 403 with every needed scope when one is missing', async () => {
    const poor = await issuer.signToken({ scope: 'files:delete' })
    const response = await fetch(`${origin}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${poor}` },
    })
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Bearer error="insufficient_scope", error_description="missing scopes: \['tools:call'\]", scope="tools:call files:delete", resource_metadata="https:/,
    )
  })

  test('refuses two Authorization headers instead of picking one', async () => {
    const request = httpRequest(`${origin}/mcp`, { method: 'POST' })
    const token = await issuer.signToken()
    request.setHeader('authorization', [`Bearer ${token}`, 'Bearer other'] as never)
    request.end()
    const [answer] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }]
    answer.resume()
    expect([400, 401]).toContain(answer.statusCode)
  })
})
