import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { generateDpopKey } from '@holdfast/protocol/token'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type Auth,
  AuthorizationCodeAuth,
  type AuthorizationCodeOptions,
  authorizedFetch,
  BearerAuth,
  ClientCredentialsAuth,
  type ConnectionDetail,
  DeviceAuth,
  DPoPAuth,
  memoryTokenStore,
  type OAuthState,
  TokenExchangeAuth,
  WorkloadIdentityAuth,
} from '../src/index.ts'
import { fileTokenStore } from '../src/node/index.ts'
import { covers } from '../src/oauth/resource-metadata.ts'
import {
  type ProtectedWorld,
  setting,
  startAuthorizationServer,
  startProtectedServer,
  type World,
} from './oauth-world.ts'

const redirectUri = 'http://127.0.0.1:1/callback'

const person = (as: World, options: Partial<AuthorizationCodeOptions> = {}): Auth =>
  new AuthorizationCodeAuth({ redirectUri, authorize: as.authorize, ...options })

const call = (rs: ProtectedWorld, auth: Auth): Promise<Response> =>
  authorizedFetch({ auth, resource: rs.url })(rs.url)

const to = (requests: readonly string[], part: string): readonly string[] =>
  requests.filter((line) => line.includes(part))

describe('a person signs in', () => {
  it('after the challenge, and once for many calls', async () => {
    const { as, rs } = await setting()
    const auth = person(as)
    const answers = await Promise.all(Array.from({ length: 10 }, () => call(rs, auth)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    expect(as.scopesAsked).toEqual(['files:read'])
    expect(to(as.requests, '/register')).toHaveLength(1)
    expect(as.tokenRequests[0]?.form).toMatchObject({ resource: rs.url })
  })

  it('again with the former and the new scopes when a call needs more', async () => {
    const { as, rs } = await setting()
    const auth = person(as)
    await call(rs, auth)
    rs.requiredScope = 'files:delete'
    expect((await call(rs, auth)).status).toBe(200)
    expect(as.scopesAsked).toEqual(['files:read', 'files:read files:delete'])
  })

  it('not for ever when the server is never content', async () => {
    const { as, rs } = await setting()
    rs.requiredScope = 'files:delete'
    const auth = person(as)
    const ask = as.authorize
    // A server that grants less than it is asked for.
    const stingy: Auth = person(as, {
      authorize: (url) => {
        url.searchParams.set('scope', 'files:read')
        return ask(url)
      },
    })
    expect((await call(rs, stingy)).status).toBe(403)
    expect(as.scopesAsked.length).toBeLessThanOrEqual(3)
    expect((await call(rs, auth)).status).toBe(200)
  })

  it('again for scopes that a kept token was never asked for, with those it has', async () => {
    const { as, rs } = await setting()
    const store = memoryTokenStore<OAuthState>()
    await call(rs, person(as, { store }))
    const wider = person(as, { store, scopes: ['files:delete'] })
    for (const auth of [wider, person(as, { store }), wider]) {
      expect((await call(rs, auth)).status).toBe(200)
    }
    expect(as.scopesAsked).toEqual(['files:read', 'files:read files:delete'])
    expect(as.tokenRequests.map(({ form }) => form['grant_type'])).not.toContain('refresh_token')
  })

  it('once for a scope that the server does not grant, also after a refresh', async () => {
    const { as, rs } = await setting()
    const store = memoryTokenStore<OAuthState>()
    const stingy = (): Auth =>
      person(as, {
        store,
        scopes: ['files:read', 'files:delete'],
        authorize: (url) => {
          url.searchParams.set('scope', 'files:read')
          return as.authorize(url)
        },
      })
    as.expiresIn = 1
    for (let run = 0; run < 3; run += 1) expect((await call(rs, stingy())).status).toBe(200)
    expect(as.scopesAsked).toHaveLength(1)
    expect(as.tokenRequests.map(({ form }) => form['grant_type'])).toContain('refresh_token')
  })

  it('with tokens bound to a key where both servers can, and with the nonces of both', async () => {
    const { as, rs } = await setting()
    as.demandNonce = true
    rs.takesProofs = true
    rs.demandNonce = true
    const auth = person(as)
    expect((await call(rs, auth)).status).toBe(200)
    expect((await call(rs, auth)).status).toBe(200)
  })

  it('once, although every run has another port on this machine', async () => {
    const { as, rs } = await setting()
    const store = memoryTokenStore<OAuthState>()
    for (const port of [4001, 4002]) {
      const auth = person(as, { store, redirectUri: `http://127.0.0.1:${port}/callback` })
      await call(rs, auth)
      const state = await store.load()
      if (state !== undefined) await store.save({ ...state, grants: {} })
    }
    expect(as.scopesAsked).toHaveLength(2)
    expect(to(as.requests, '/register')).toHaveLength(1)
  })

  it('anew at the server that the protected one names now', async () => {
    const first = await startAuthorizationServer()
    const second = await startAuthorizationServer()
    let current = first
    const rs = await startProtectedServer(() => current.issuer)
    const auth = new AuthorizationCodeAuth({
      redirectUri,
      authorize: (url) => current.authorize(url),
    })
    await call(rs, auth)
    current = second
    expect((await call(rs, auth)).status).toBe(200)
    expect(to(second.requests, '/register')).toHaveLength(1)
    expect(second.tokenRequests.map(({ form }) => form['grant_type'])).toEqual([
      'authorization_code',
    ])
  })
})

describe('a refusal that nothing cures', () => {
  const always = (error: string): string[] => Array.from({ length: 50 }, () => error)

  it('of a token costs one sign-in, and one refresh with every further call', async () => {
    const { as, rs } = await setting()
    const auth = person(as)
    rs.errors = always('invalid_token')
    for (let calls = 0; calls < 3; calls += 1) expect((await call(rs, auth)).status).toBe(401)
    expect(as.tokenRequests.map(({ form }) => form['grant_type'])).toEqual([
      'authorization_code',
      'refresh_token',
      'refresh_token',
    ])
  })

  it('of a proof is tried with one new proof and the same token', async () => {
    const { as, rs } = await setting()
    rs.takesProofs = true
    rs.errors = always('invalid_dpop_proof')
    const auth = person(as)
    for (let calls = 0; calls < 3; calls += 1) expect((await call(rs, auth)).status).toBe(401)
    expect(as.tokenRequests).toHaveLength(1)
    expect(rs.tokens).toHaveLength(6)
  })

  it('of a proof is none when the new proof is taken, also one with a nonce', async () => {
    const { as, rs } = await setting()
    rs.takesProofs = true
    rs.demandNonce = true
    rs.errors = ['invalid_dpop_proof']
    expect((await call(rs, person(as))).status).toBe(200)
    expect(as.tokenRequests).toHaveLength(1)
  })

  it('is none where the server takes bound tokens only from now on', async () => {
    const { as, rs } = await setting()
    const auth = person(as)
    expect((await call(rs, auth)).status).toBe(200)
    rs.takesProofs = true
    expect((await call(rs, auth)).status).toBe(200)
    expect(as.scopesAsked).toHaveLength(2)
  })
})

describe('authorization details', () => {
  const authorizationDetails: ConnectionDetail[] = [
    { type: 'connection', provider: 'github', actions: ['GET /repos/*'] },
  ]

  it('go into the address to which the person is sent', async () => {
    const { as, rs } = await setting()
    const asked: (string | null)[] = []
    const authorize = (url: URL): Promise<URL> => {
      asked.push(url.searchParams.get('authorization_details'))
      return as.authorize(url)
    }
    await call(rs, person(as, { authorize, authorizationDetails }))
    await call(rs, person(as, { authorize }))
    expect(asked).toEqual([JSON.stringify(authorizationDetails), null])
  })
})

describe('attacks on the sign-in', () => {
  it.each([
    ['another issuer (mix-up)', 'https://evil.example'],
    ['no issuer although the server announced one', undefined],
  ])('an answer that names %s is refused before the code is sent', async (_what, iss) => {
    const { as, rs } = await setting()
    as.iss = iss
    await expect(call(rs, person(as))).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    expect(as.tokenRequests).toEqual([])
  })

  it('an answer with two issuers is refused', async () => {
    const { as, rs } = await setting()
    const auth = person(as, {
      authorize: async (url) => {
        const answer = await as.authorize(url)
        answer.searchParams.append('iss', 'https://evil.example')
        return answer
      },
    })
    await expect(call(rs, auth)).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    expect(as.tokenRequests).toEqual([])
  })

  it('an answer to an earlier sign-in is refused, also with a valid code', async () => {
    const { as, rs } = await setting()
    const answers: URL[] = []
    const record = async (url: URL): Promise<URL> => {
      const answer = await as.authorize(url)
      answers.push(answer)
      return answers[0] ?? answer
    }
    expect((await call(rs, person(as, { authorize: record }))).status).toBe(200)
    await expect(call(rs, person(as, { authorize: record }))).rejects.toMatchObject({
      code: 'LOGIN_FAILED',
    })
    expect(as.tokenRequests).toHaveLength(1)
  })

  it('metadata that name another issuer are not used', async () => {
    const { as, rs } = await setting()
    as.metadata = { issuer: 'https://evil.example' }
    await expect(call(rs, person(as))).rejects.toMatchObject({ code: 'ISSUER_MISMATCH' })
    expect([...to(as.requests, '/register'), ...as.scopesAsked]).toEqual([])
  })

  it('an issuer that is only equal after normalization is another one', async () => {
    const { as, rs } = await setting()
    as.metadata = { issuer: `${as.issuer}/` }
    await expect(call(rs, person(as))).rejects.toMatchObject({ code: 'ISSUER_MISMATCH' })
  })

  it.each(['https://evil.example/mcp', 'http://127.0.0.1:1/mcp', '/mcp', 'urn:mcp'])(
    'metadata that describe the resource %s are refused',
    async (resource) => {
      const { as, rs } = await setting()
      rs.metadata = { resource }
      await expect(call(rs, person(as))).rejects.toMatchObject({
        code: expect.stringMatching(/RESOURCE_MISMATCH|SERVER_ERROR/),
      })
      expect(as.requests).toEqual([])
    },
  )

  it.each(['token_endpoint', 'registration_endpoint', 'authorization_endpoint'])(
    'a %s without https on another machine is refused before anything goes there',
    async (endpoint) => {
      const { as, rs } = await setting()
      as.metadata = { [endpoint]: 'http://as.example/x' }
      const asked: string[] = []
      const auth = person(as, {
        authorize: (url) => {
          asked.push(url.origin)
          return as.authorize(url)
        },
      })
      const sent: string[] = []
      const fetch = (url: string, init: RequestInit): Promise<Response> => {
        sent.push(new URL(url).host)
        return globalThis.fetch(url, init)
      }
      const request = authorizedFetch({ auth, resource: rs.url, fetch })(rs.url)
      await expect(request).rejects.toMatchObject({
        code: expect.stringMatching(/PLAINTEXT_REFUSED|NOT_REGISTERED/),
      })
      expect(sent).not.toContain('as.example')
      expect(asked).not.toContain('http://as.example')
    },
  )

  it('an authorization server without https on another machine is refused', async () => {
    const { as, rs } = await setting()
    rs.metadata = { authorization_servers: ['http://as.example'] }
    await expect(call(rs, person(as))).rejects.toMatchObject({ code: 'PLAINTEXT_REFUSED' })
  })

  it('metadata of the protected server are not read without https from another machine', async () => {
    const { as, rs } = await setting()
    rs.challenge = 'resource_metadata="http://evil.example/prm"'
    await expect(call(rs, person(as))).rejects.toMatchObject({ code: 'PLAINTEXT_REFUSED' })
  })

  it.each([
    ['fail', '/.well-known/oauth-protected-resource/broken'],
    ['are not where the challenge says', '/nowhere'],
  ])('a server whose metadata %s is not taken for one without', async (_what, place) => {
    const { as, rs } = await setting()
    rs.challenge = `resource_metadata="${new URL(place, rs.url).href}"`
    await expect(call(rs, person(as))).rejects.toMatchObject({ code: 'SERVER_ERROR' })
    expect(as.requests).toEqual([])
  })

  it('an unbound token is refused where a bound one is required', async () => {
    const { as, rs } = await setting()
    as.forgetsProofs = true
    const auth = person(as, { dpop: 'required' })
    await expect(call(rs, auth)).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    expect(rs.tokens).toEqual([])
  })

  it('a bound token is never presented as a bearer token, whatever the server says that it takes', async () => {
    const { as, rs } = await setting()
    const key = await generateDpopKey()
    const claims = { iss: as.issuer, scope: 'files:read', jkt: key.jkt }
    const token = `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`
    expect((await call(rs, new DPoPAuth(token, key))).status).toBe(401)
    expect(rs.tokens).toEqual([])
  })

  it.each(['auto', 'required'] as const)(
    'with dpop: %s, a bound token is not exchanged for an unbound one when it is renewed',
    async (dpop) => {
      const { as, rs } = await setting()
      rs.takesProofs = true
      as.expiresIn = 1
      const auth = person(as, { dpop })
      expect((await call(rs, auth)).status).toBe(200)
      as.forgetsProofs = true
      rs.takesProofs = false
      await expect(call(rs, auth)).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
      expect(rs.tokens).toHaveLength(1)
    },
  )

  it.each(['/token', '/register', '/.well-known/oauth-authorization-server'])(
    'a redirect of %s is not followed: codes and secrets stay at their server',
    async (path) => {
      const { as, rs } = await setting()
      const elsewhere = await startAuthorizationServer()
      const fetch = (url: string, init: RequestInit): Promise<Response> => {
        if (url !== `${as.issuer}${path}`) return globalThis.fetch(url, init)
        if (init.redirect === 'manual') {
          const location = `${elsewhere.issuer}${path}`
          return Promise.resolve(new Response(null, { status: 307, headers: { location } }))
        }
        return globalThis.fetch(`${elsewhere.issuer}${path}`, init)
      }
      const request = authorizedFetch({ auth: person(as), resource: rs.url, fetch })(rs.url)
      await expect(request).rejects.toMatchObject({ name: 'ClientError' })
      expect(elsewhere.requests).toEqual([])
    },
  )

  it('a server without PKCE S256 gets nobody', async () => {
    const { as, rs } = await setting()
    as.metadata = { code_challenge_methods_supported: ['plain'] }
    await expect(call(rs, person(as))).rejects.toMatchObject({ code: 'SERVER_ERROR' })
    expect(as.scopesAsked).toEqual([])
  })
})

describe('tokens', () => {
  it('go to the origin that they are for and to no other', async () => {
    const { as, rs } = await setting()
    const fetch = authorizedFetch({ auth: person(as), resource: rs.url })
    await expect(fetch('http://127.0.0.1:1/mcp')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('of another client, or weaker than required, are not taken from a shared store', async () => {
    const { as, rs } = await setting()
    const store = memoryTokenStore<OAuthState>()
    await call(rs, person(as, { store }))
    const client = { clientId: 'robot', clientSecret: 's3cret' }
    await call(rs, new ClientCredentialsAuth({ client, store }))
    expect(as.tokenRequests.at(-1)?.form['grant_type']).toBe('client_credentials')
    rs.takesProofs = true
    expect((await call(rs, person(as, { store, dpop: 'required' }))).status).toBe(200)
  })

  it('are not sent a second time with a body that is a stream', async () => {
    const { as, rs } = await setting()
    const auth = person(as)
    const body = new Blob(['x']).stream()
    const init: RequestInit = { method: 'POST', body, duplex: 'half' } as never
    const response = await authorizedFetch({ auth, resource: rs.url })(rs.url, init)
    expect(response.status).toBe(401)
    expect(as.requests).toEqual([])
  })

  it('do not follow a redirect', async () => {
    const { rs } = await setting()
    const elsewhere = await startProtectedServer(() => 'https://as.example')
    rs.redirectTo = elsewhere.url
    const response = await call(rs, new BearerAuth('secret-token'))
    expect(response.status).toBe(307)
    expect(elsewhere.requests).toEqual([])
  })

  it('are not sent in plain text to another machine', () => {
    const auth = new BearerAuth('secret-token')
    const open = (): unknown => authorizedFetch({ auth, resource: 'http://mcp.example/mcp' })
    expect(open).toThrow(expect.objectContaining({ code: 'PLAINTEXT_REFUSED' }))
  })

  it('that a caller put into the headers are replaced, not sent along', async () => {
    const { as, rs } = await setting()
    const auth = person(as)
    await call(rs, auth)
    const headers = { authorization: 'Bearer other', dpop: 'other' }
    const response = await authorizedFetch({ auth, resource: rs.url })(rs.url, { headers })
    expect(response.status).toBe(200)
    expect(rs.tokens).not.toContain('other')
  })

  it('of a key that was handed in carry proofs of it', async () => {
    const { as, rs } = await setting()
    rs.takesProofs = true
    const key = await generateDpopKey()
    const claims = { iss: as.issuer, scope: 'files:read', jkt: key.jkt }
    const token = `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`
    expect((await call(rs, new DPoPAuth(token, key))).status).toBe(200)
    expect((await call(rs, new DPoPAuth(token, await generateDpopKey()))).status).toBe(401)
  })

  it('stand for a URL only on its origin and at or above its path', () => {
    const url = new URL('https://mcp.example/a/b')
    expect(covers('https://mcp.example', url)).toBe(true)
    expect(covers('https://mcp.example/a', url)).toBe(true)
    expect(covers('https://mcp.example/a/b', url)).toBe(true)
    for (const other of [
      'https://mcp.example/a/bc',
      'https://mcp.example/a/b/c',
      'https://x.example/a',
    ]) {
      expect(covers(other, url)).toBe(false)
    }
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['https'] }), fc.webPath(), (base, suffix) => {
        const { origin, pathname } = new URL(base)
        const asked = new URL(`${origin}${suffix}`)
        const isAtOrAbove =
          pathname === '/' ||
          asked.pathname === pathname ||
          asked.pathname.startsWith(pathname.endsWith('/') ? pathname : `${pathname}/`)
        // A trailing slash of the identifier is not significant.
        return covers(`${origin}${pathname}`, asked) === isAtOrAbove || pathname.endsWith('/')
      }),
    )
  })
})

describe('refresh', () => {
  it('happens once for eight processes that share a store', async () => {
    const { as, rs } = await setting()
    const folder = mkdtempSync(path.join(os.tmpdir(), 'hf-oauth-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = path.join(folder, 'tokens', 'state.json')
    as.expiresIn = 1
    await call(rs, person(as, { store: fileTokenStore<OAuthState>(file) }))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    as.expiresIn = 300
    const worker = path.join(import.meta.dirname, 'oauth-refresh-worker.ts')
    const args = ['--conditions=@holdfast/source', '--no-warnings', worker, rs.url, file]
    const outputs = await Promise.all(
      Array.from({ length: 8 }, () => text(spawn(process.execPath, args).stdout)),
    )
    expect(outputs).toEqual(Array.from({ length: 8 }, () => '200'))
    const refreshes = as.tokenRequests.filter(({ form }) => form['grant_type'] === 'refresh_token')
    expect(refreshes).toHaveLength(1)
  }, 60_000)

  it('with a client that the server has forgotten registers a new one', async () => {
    const { as, rs } = await setting()
    const auth = person(as)
    as.expiresIn = 1
    await call(rs, auth)
    as.hasForgottenClients = true
    expect((await call(rs, auth)).status).toBe(200)
    expect(to(as.requests, '/register')).toHaveLength(2)
  })

  it('that is refused leads to a new sign-in', async () => {
    const { as, rs } = await setting()
    const store = memoryTokenStore<OAuthState>()
    as.expiresIn = 1
    await call(rs, person(as, { store }))
    const state = await store.load()
    const [resource = ''] = Object.keys(state?.grants ?? {})
    const grant = state?.grants[resource]
    if (state === undefined || grant === undefined) throw new Error('nothing was kept')
    await store.save({ ...state, grants: { [resource]: { ...grant, refreshToken: 'revoked' } } })
    expect((await call(rs, person(as, { store }))).status).toBe(200)
    expect(as.scopesAsked).toHaveLength(2)
  })
})

describe('programs', () => {
  const client = { clientId: 'robot', clientSecret: 's3cret' }

  it('obtain a token by their own secret', async () => {
    const { as, rs } = await setting()
    expect((await call(rs, new ClientCredentialsAuth({ client }))).status).toBe(200)
    const [request] = as.tokenRequests
    expect(request?.form).toMatchObject({ grant_type: 'client_credentials', resource: rs.url })
    expect(request?.authorization).toBe(`Basic ${btoa('robot:s3cret')}`)
  })

  it('show their secret to one authorization server only', async () => {
    const { as, rs } = await setting()
    const evil = await startAuthorizationServer()
    const auth = new ClientCredentialsAuth({ client })
    await call(rs, auth)
    const other = await startProtectedServer(() => evil.issuer)
    await expect(call(other, auth)).rejects.toMatchObject({ code: 'ISSUER_MISMATCH' })
    const named = new ClientCredentialsAuth({ client: { ...client, issuer: as.issuer } })
    await expect(call(other, named)).rejects.toMatchObject({ code: 'ISSUER_MISMATCH' })
    expect(evil.tokenRequests).toEqual([])
  })

  it('exchange a token that they have', async () => {
    const { as, rs } = await setting()
    const auth = new TokenExchangeAuth({
      client: { clientId: 'app' },
      subjectToken: () => 'subject-1',
      actorToken: 'actor-1',
    })
    expect((await call(rs, auth)).status).toBe(200)
    expect(as.tokenRequests[0]?.form).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'subject-1',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      actor_token: 'actor-1',
      client_id: 'app',
    })
  })

  it('present what their platform says about them', async () => {
    const { as, rs } = await setting()
    const audiences: string[] = []
    const auth = new WorkloadIdentityAuth({
      client: { clientId: 'workload' },
      assertion: (audience) => {
        audiences.push(audience)
        return 'platform-jwt'
      },
    })
    expect((await call(rs, auth)).status).toBe(200)
    expect(audiences).toEqual([as.issuer])
    expect(as.tokenRequests[0]?.form).toMatchObject({ assertion: 'platform-jwt' })
  })
})

describe('a person on another device', () => {
  it('is shown a code and waited for', async () => {
    const { as, rs } = await setting()
    as.pendingPolls = 2
    const prompts: string[] = []
    const auth = new DeviceAuth({
      client: { clientId: 'tv' },
      onPrompt: ({ userCode, verificationUri }) => void prompts.push(userCode, verificationUri),
    })
    expect((await call(rs, auth)).status).toBe(200)
    expect(prompts).toEqual(['ABCD-EFGH', `${as.issuer}/activate`])
    expect(as.tokenRequests).toHaveLength(3)
  })

  it.each([
    ['a page of another scheme', { verification_uri: 'javascript:alert(1)' }],
    ['a page without https', { verification_uri: 'http://evil.example/activate' }],
    ['a complete page without https', { verification_uri_complete: 'http://evil.example/a' }],
    ['a code that moves the cursor', { user_code: 'AB\u001b[2JCD' }],
  ])('is not shown %s', async (_what, part) => {
    const { as, rs } = await setting()
    as.device = part
    const prompts: unknown[] = []
    const auth = new DeviceAuth({
      client: { clientId: 'tv' },
      onPrompt: (prompt) => void prompts.push(prompt),
    })
    await expect(call(rs, auth)).rejects.toMatchObject({ name: 'ClientError' })
    expect(prompts).toEqual([])
  })

  it('can be given up', async () => {
    const { as, rs } = await setting()
    as.pendingPolls = 1000
    const stop = new AbortController()
    const auth = new DeviceAuth({
      client: { clientId: 'tv' },
      onPrompt: () => stop.abort(),
      signal: stop.signal,
    })
    await expect(call(rs, auth)).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('secrets', () => {
  it('are not in what is printed of an Auth', () => {
    const secrets: Auth[] = [
      new BearerAuth('canary'),
      new ClientCredentialsAuth({ client: { clientId: 'robot', clientSecret: 'canary' } }),
      new TokenExchangeAuth({ client: { clientId: 'app' }, subjectToken: 'canary' }),
    ]
    expect(inspect(secrets, { depth: 9, showHidden: true })).not.toContain('canary')
    expect(JSON.stringify(secrets)).not.toContain('canary')
  })

  it.each([
    ['a token that cannot be used', '/token', { access_token: 'canary', token_type: 7 }],
    ['a registration that cannot be used', '/register', { client_secret: 'canary' }],
  ])('are not in the error about %s', async (_what, path, body) => {
    const { as, rs } = await setting()
    const fetch = async (url: string, init: RequestInit): Promise<Response> =>
      url === `${as.issuer}${path}`
        ? Response.json(body, { status: path === '/register' ? 201 : 200 })
        : globalThis.fetch(url, init)
    const request = authorizedFetch({ auth: person(as), resource: rs.url, fetch })(rs.url)
    const error: unknown = await request.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'ClientError' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary')
  })

  it('that were sent are not in the error', async () => {
    const { as, rs } = await setting()
    as.metadata = { token_endpoint: `${as.issuer}/gone` }
    const auth = new TokenExchangeAuth({
      client: { clientId: 'app' },
      subjectToken: 'canary-token',
    })
    const error: unknown = await call(rs, auth).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'ClientError' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary')
  })
})
