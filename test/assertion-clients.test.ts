import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  type Auth,
  authorizedFetch,
  CrossAppAuth,
  TokenExchangeAuth,
  WorkloadIdentityAuth,
} from '@holdfast/client'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApiKey, newApiKeySchema } from '../apps/authorization-server/src/api-keys/create.ts'
import { trustIssuer } from '../apps/authorization-server/src/assertions/issuers.ts'
import { newIssuerSchema } from '../apps/authorization-server/src/assertions/trust.ts'
import { registerClient } from '../apps/authorization-server/src/registration/clients.ts'
import { addResource } from '../apps/authorization-server/test/support/flow.ts'
import {
  startTestServer,
  type TestServer,
} from '../apps/authorization-server/test/support/server.ts'

const grantTypes = ['jwt-bearer', 'token-exchange'].map(
  (name) => `urn:ietf:params:oauth:grant-type:${name}`,
)
const key = await generateKeyPair('ES256', { extractable: true })
const servers: Server[] = []
let server: TestServer
let resource: string
let identityProvider: string
let userId: string
let confidential: { clientId: string; clientSecret: string }
let open: { clientId: string }

async function serve(
  answer: (request: IncomingMessage, origin: string) => Promise<Response> | Response,
): Promise<string> {
  const http = createServer((request, response) => {
    void (async () => {
      const result = await answer(request, origin)
      response.writeHead(result.status, Object.fromEntries(result.headers))
      response.end(await result.text())
    })()
  }).listen(0, '127.0.0.1')
  servers.push(http)
  await once(http, 'listening')
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return origin
}

const assertion = (claims: Record<string, unknown>, typ?: string): Promise<string> =>
  new SignJWT({ sub: 'u-ann', email: 'ann@example.org', jti: crypto.randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'one', ...(typ !== undefined && { typ }) })
    .setIssuer(identityProvider)
    .setIssuedAt()
    .setExpirationTime('2m')
    .sign(key.privateKey)

/** The identity provider exchanges whatever ID token it is shown for an ID-JAG. */
const startIdentityProvider = (): Promise<string> =>
  serve(async (request, origin) => {
    if (request.url === '/keys') {
      return Response.json({ keys: [{ ...(await exportJWK(key.publicKey)), kid: 'one' }] })
    }
    if (request.url?.startsWith('/.well-known/')) {
      return Response.json({
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        response_types_supported: ['code'],
        token_endpoint_auth_methods_supported: ['none'],
      })
    }
    const form = new URLSearchParams(await text(request))
    return Response.json({
      access_token: await assertion(
        {
          aud: form.get('audience'),
          resource: form.get('resource'),
          client_id: confidential.clientId,
          scope: form.get('scope') ?? undefined,
        },
        'oauth-id-jag+jwt',
      ),
      issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      token_type: 'N_A',
      expires_in: 120,
    })
  })

/** Says who was let in, by which scheme. */
const startProtectedServer = (): Promise<string> =>
  serve(async (request, origin) => {
    if (request.url?.startsWith('/.well-known/')) {
      return Response.json({
        resource: origin,
        authorization_servers: [server.issuer],
        scopes_supported: ['notes:read'],
        dpop_signing_alg_values_supported: ['ES256'],
      })
    }
    const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ')
    try {
      const claims = await server.ctx.verifyToken(token, { audience: origin })
      return Response.json({
        scheme,
        sub: claims.sub,
        client: claims.client_id,
        scope: claims.scope,
      })
    } catch {
      const metadata = `resource_metadata="${origin}/.well-known/oauth-protected-resource"`
      return new Response(null, {
        status: 401,
        headers: { 'www-authenticate': `DPoP ${metadata}` },
      })
    }
  })

beforeAll(async () => {
  server = await startTestServer({
    config: { outbound: { privateHosts: ['127.0.0.1'], allowHttpLoopback: true } },
  })
  userId = (await server.addUser('ann@example.org')).id
  identityProvider = await startIdentityProvider()
  resource = await startProtectedServer()
  await addResource(server, { resource })
  const register = (name: string, method: string) =>
    registerClient(
      server.ctx,
      { client_name: name, grant_types: grantTypes, token_endpoint_auth_method: method },
      'usr_admin',
    )
  const agent = await register('Agent', 'client_secret_basic')
  confidential = { clientId: agent.client.clientId, clientSecret: agent.secret ?? '' }
  open = { clientId: (await register('Job', 'none')).client.clientId }
  const trust = {
    uses: ['id-jag', 'workload', 'token-exchange'],
    audience: 'https://upstream.example',
    jwks_uri: `${identityProvider}/keys`,
    subjects: [{ subject: 'u-*', user_by_email: 'email' }],
    clients: [confidential.clientId, open.clientId],
    resources: [resource],
  }
  await trustIssuer(
    server.ctx,
    newIssuerSchema.parse({ issuer: identityProvider, trust }),
    'usr_admin',
  )
})
afterAll(async () => {
  for (const http of servers) {
    http.close()
    http.closeAllConnections()
  }
  await server.stop()
})

const call = async (auth: Auth): Promise<unknown> =>
  (await authorizedFetch({ auth, resource })(`${resource}/mcp`)).json()

it('an agent gets in by the word of its company’s identity provider, bound to its key', async () => {
  const auth = new CrossAppAuth({
    client: confidential,
    identityProvider: {
      issuer: identityProvider,
      client: { clientId: 'agent-there', method: 'none' },
    },
    idToken: 'id-token-of-ann',
  })
  expect(await call(auth)).toEqual({
    scheme: 'DPoP',
    sub: userId,
    client: confidential.clientId,
    scope: 'notes:read',
  })
})

it('a workload gets in by the word of its platform', async () => {
  const auth = new WorkloadIdentityAuth({
    client: { ...open, method: 'none' },
    assertion: (aud) => assertion({ aud }),
  })
  expect(await call(auth)).toMatchObject({ scheme: 'DPoP', sub: userId, client: open.clientId })
})

it('a token of a trusted issuer, and an API key, are exchanged', async () => {
  const foreign = new TokenExchangeAuth({
    client: confidential,
    subjectToken: () => assertion({ aud: 'https://upstream.example' }),
  })
  expect(await call(foreign)).toMatchObject({ sub: userId, client: confidential.clientId })
  const made = await createApiKey(server.ctx, newApiKeySchema.parse({}), userId)
  const byKey = new TokenExchangeAuth({
    client: { clientId: 'holdfast-api-keys', method: 'none' },
    subjectToken: made.key,
    subjectTokenType: 'urn:ietf:params:oauth:token-type:api_key',
  })
  expect(await call(byKey)).toMatchObject({ sub: userId, client: 'holdfast-api-keys' })
})
