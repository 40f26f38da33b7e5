import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerClient } from '../src/registration/clients.ts'
import type { RegisteredResource } from '../src/registration/resources.ts'
import { Browser, formOf, handOffTarget, type PageVisit } from './support/browser.ts'
import {
  addClient,
  addResource,
  authorizationUrl,
  authorize,
  claimsOf,
  discover,
  dpopKeys,
  exchange,
  insecure,
  redeem,
  redirectUri,
  signIn,
} from './support/flow.ts'
import { addConnection, startTestServer, type TestServer } from './support/server.ts'

const email = 'ann@example.org'
const uri = 'https://issues.example/mcp'
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
let server: TestServer
let client: oauth.Client
let own: RegisteredResource
let as: oauth.AuthorizationServer
let userId: string
let github: string
let slack: string
let stranger: string

type Detail = Record<string, unknown>

interface Answer {
  readonly access_token: string
  readonly refresh_token: string
  readonly authorization_details?: Detail[]
  readonly error?: string
  readonly error_description?: string
}

beforeAll(async () => {
  server = await startTestServer()
  userId = (await server.addUser(email)).id
  github = await addConnection(server.ctx, userId, 'github', { label: 'Work' })
  slack = await addConnection(server.ctx, userId, 'slack')
  stranger = await addConnection(server.ctx, (await server.addUser('bob@example.org')).id, 'github')
  client = await addClient(server, {
    grant_types: ['authorization_code', 'refresh_token', deviceGrant],
    redirect_uris: [redirectUri],
  })
  own = await addResource(server, {
    resource: uri,
    display_name: 'Issues',
    connections: [
      { name: 'repo', provider: 'github', description: 'Reads your issues' },
      { name: 'chat', provider: 'slack', description: 'Tells your team', optional: true },
    ],
  })
  await addResource(server, { resource: 'https://notes.example/mcp' })
  as = await discover(server.issuer)
})
afterAll(() => server.stop())

const asked = (...details: Detail[]): Record<string, string> => ({
  authorization_details: JSON.stringify(
    details.map((detail) => ({ type: 'connection', ...detail })),
  ),
})
const readIssues = { name: 'repo', actions: ['GET /repos/**', 'POST /repos/*/issues'] }
const granted = (): Detail => ({
  type: 'connection',
  identifier: github,
  provider: 'github',
  ...readIssues,
})

const answerOf = async (response: Response): Promise<Answer> => (await response.json()) as Answer

async function tokens(
  parameters: Record<string, string> = asked(readIssues),
  consent: Record<string, string> = { 'connection.repo': github },
): Promise<Answer> {
  const code = await authorize(server, { client, email, resource: uri, parameters, consent })
  return answerOf(await redeem(server, client, code))
}

const refreshed = async (token: string, parameters: Record<string, string> = {}): Promise<Answer> =>
  answerOf(
    await oauth.refreshTokenGrantRequest(as, client, oauth.None(), token, {
      ...insecure,
      additionalParameters: parameters,
    }),
  )

/** How an authorization request is refused. */
async function refusal(
  parameters: Record<string, string>,
  resource = uri,
): Promise<{ readonly error: string | null; readonly text: string }> {
  const { url } = await authorizationUrl(server, { client, resource, parameters })
  const { searchParams } = handOffTarget(await new Browser(server.issuer).open(url))
  expect(searchParams.get('iss')).toBe(server.issuer)
  return { error: searchParams.get('error'), text: searchParams.get('error_description') ?? '' }
}

async function consentPage(
  parameters: Record<string, string>,
  resource = uri,
): Promise<{ readonly browser: Browser; readonly page: PageVisit }> {
  const browser = new Browser(server.issuer)
  const { url } = await authorizationUrl(server, { client, resource, parameters })
  return { browser, page: await signIn(browser, await browser.open(url), email) }
}

describe('authorization details', () => {
  test('are announced', () => {
    expect(as.authorization_details_types_supported).toEqual(['connection'])
  })

  test('are shown in words, granted with the chosen handle and stand in token and answer', async () => {
    const { page } = await consentPage(asked(readIssues))
    for (const text of ['Work', 'Reads your issues', 'Read <code>/repos/**</code>', 'Add or start'])
      expect(page.text.replaceAll(/\s+/g, ' ')).toContain(text)
    expect(page.text).not.toContain('Tells your team')

    const answer = await tokens()
    expect(answer.authorization_details).toEqual([granted()])
    const claims = claimsOf(answer.access_token)
    expect(claims['authorization_details']).toEqual([granted()])
    expect(claims['ddls:connections']).toEqual({ repo: github })
    const grant = await server.ctx.storage.grants.find(String(claims['ddls:grant']))
    expect(grant).toMatchObject({
      authorizationDetails: [granted()],
      connections: { repo: github },
    })
    const records = await server.ctx.storage.audit.read({ after: 0, limit: 1000 })
    expect(JSON.stringify(records)).toContain('POST /repos/*/issues')
  })

  test('leave a request without them as it was', async () => {
    const answer = await tokens({})
    expect(answer).not.toHaveProperty('authorization_details')
    expect(claimsOf(answer.access_token)).not.toHaveProperty('authorization_details')
  })

  test('come by a pushed request too', async () => {
    const verifier = oauth.generateRandomCodeVerifier()
    const pushed = await oauth.processPushedAuthorizationResponse(
      as,
      client,
      await oauth.pushedAuthorizationRequest(
        as,
        client,
        oauth.None(),
        new URLSearchParams({
          response_type: 'code',
          redirect_uri: redirectUri,
          code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          state: 'state-1',
          resource: uri,
          ...asked(readIssues),
        }),
        insecure,
      ),
    )
    const browser = new Browser(server.issuer)
    const query = new URLSearchParams({
      client_id: client.client_id,
      request_uri: pushed.request_uri,
    })
    const page = await signIn(
      browser,
      await browser.open(`/oauth2/auth?${query.toString()}`),
      email,
    )
    const target = handOffTarget(
      await browser.submit(formOf(page, '/consent'), { 'connection.repo': github }),
    )
    const code = oauth.validateAuthResponse(as, client, target, 'state-1')
    const answer = await answerOf(await redeem(server, client, { code, verifier }))
    expect(answer.authorization_details).toEqual([granted()])
  })

  test('come from a device too', async () => {
    const begin = (parameters: Record<string, string>): Promise<Response> =>
      oauth.deviceAuthorizationRequest(
        as,
        client,
        oauth.None(),
        { resource: uri, ...parameters },
        insecure,
      )
    const refused = await begin(asked({ name: 'repo', actions: ['STEAL'] }))
    expect(await answerOf(refused)).toMatchObject({ error: 'invalid_authorization_details' })
    const device = await oauth.processDeviceAuthorizationResponse(
      as,
      client,
      await begin(asked(readIssues)),
    )
    const browser = new Browser(server.issuer)
    const form = formOf(await browser.open('/device'), '/device')
    const confirmation = await browser.submit(form, { user_code: device.user_code })
    const login = await browser.submit(formOf(confirmation, '/device'), { confirm: 'yes' })
    const page = await signIn(browser, login, email)
    expect(page.text).toContain('/repos/**')
    await browser.submit(formOf(page, '/consent'), { 'connection.repo': github })
    const response = await oauth.deviceCodeGrantRequest(
      as,
      client,
      oauth.None(),
      device.device_code,
      insecure,
    )
    expect((await answerOf(response)).authorization_details).toEqual([granted()])
  })

  test('name connections for direct dispatch, by provider, by handle and by name', async () => {
    const dispatch = `${server.issuer}/dispatch`
    const dpop = await dpopKeys()
    const code = await authorize(server, {
      client,
      email,
      resource: dispatch,
      parameters: asked(
        { provider: 'slack', actions: ['POST /chat'] },
        { identifier: github, locations: [dispatch] },
        { name: 'any' },
      ),
      consent: {
        'connection.slack': slack,
        [`connection.${github}`]: github,
        'connection.any': slack,
      },
    })
    const answer = await answerOf(await redeem(server, client, code, { dpop }))
    expect(answer.authorization_details).toEqual([
      { type: 'connection', identifier: slack, provider: 'slack', name: 'any' },
      {
        type: 'connection',
        identifier: slack,
        provider: 'slack',
        name: 'slack',
        actions: ['POST /chat'],
      },
      {
        type: 'connection',
        identifier: github,
        provider: 'github',
        name: 'work',
        locations: [dispatch],
      },
    ])
    expect(claimsOf(answer.access_token)['ddls:connections']).toEqual({
      any: slack,
      slack,
      work: github,
    })
  })

  test('are part of introspection', async () => {
    const { access_token: token } = await tokens()
    const me = { client_id: own.client.id }
    const introspected = await oauth.introspectionRequest(
      as,
      me,
      oauth.ClientSecretBasic(own.client.secret),
      token,
      insecure,
    )
    expect(await introspected.json()).toMatchObject({
      active: true,
      authorization_details: [granted()],
    })
  })
})

describe('a request is refused with invalid_authorization_details for', () => {
  test.each<[string, Record<string, string>, string]>([
    ['what is no JSON', { authorization_details: '{' }, 'JSON'],
    ['what is no list', { authorization_details: '{"type":"connection"}' }, 'array'],
    ['a member without a type', { authorization_details: '[{}]' }, 'type'],
    ['an unknown type', asked({ type: 'payment_initiation' }), 'unsupported'],
    ['a type of the prototype', asked({ type: 'constructor' }), 'unsupported'],
    ['an unknown member', asked({ ...readIssues, admin: true }), 'admin'],
    ['an unknown method', asked({ name: 'repo', actions: ['STEAL'] }), '0.actions.0'],
    ['encoded dots in a pattern', asked({ name: 'repo', actions: ['GET /a/../b'] }), 'actions'],
    ['a handle of another form', asked({ identifier: '../github' }), 'identifier'],
    ['a connection that the resource does not ask for', asked({ provider: 'stripe' }), 'repo'],
    ['a name with the provider of another', asked({ name: 'repo', provider: 'slack' }), 'repo'],
    ['nothing that tells which', asked({ actions: ['GET'] }), 'repo (github), chat (slack)'],
    [
      'two handles of one name',
      asked({ name: 'repo' }, { ...readIssues, identifier: `ddls:conn:x` }),
      'different',
    ],
    [
      'another location',
      asked({ ...readIssues, locations: ['https://notes.example/mcp'] }),
      'locations',
    ],
    [
      'an unknown location',
      asked({ ...readIssues, locations: ['https://evil.example'] }),
      'locations',
    ],
    [
      '100 of them',
      asked(...Array.from({ length: 100 }, () => ({ name: 'repo' }))),
      'more than 20',
    ],
    [
      'a huge one',
      asked({ name: 'repo', actions: Array.from({ length: 12 }, () => `GET /${'a'.repeat(500)}`) }),
      '4096',
    ],
    ['deep nesting', { authorization_details: `${'['.repeat(1500)}${']'.repeat(1500)}` }, 'object'],
  ])('%s', async (_what, parameters, text) => {
    const refused = await refusal(parameters)
    expect(refused.error).toBe('invalid_authorization_details')
    expect(refused.text).toContain(text)
  })

  test('a resource without connections, and the management API', async () => {
    const notes = await refusal(asked({ provider: 'github' }), 'https://notes.example/mcp')
    expect(notes.text).toContain('uses no connections')
    const management = await refusal(asked({ provider: 'github' }), `${server.issuer}/v1`)
    expect(management.text).toContain('uses no connections')
  })

  test('a pushed request, before anybody is asked', async () => {
    const response = await oauth.pushedAuthorizationRequest(
      as,
      client,
      oauth.None(),
      new URLSearchParams({
        response_type: 'code',
        redirect_uri: redirectUri,
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
        resource: uri,
        ...asked({ provider: 'stripe' }),
      }),
      insecure,
    )
    expect(response.status).toBe(400)
    expect(await answerOf(response)).toMatchObject({ error: 'invalid_authorization_details' })
  })

  test('a client that acts as itself', async () => {
    const { client: machine, secret = '' } = await registerClient(
      server.ctx,
      {
        client_name: 'Nightly job',
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
      'usr_admin',
    )
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      { client_id: machine.clientId },
      oauth.ClientSecretBasic(secret),
      { resource: uri, ...asked({ identifier: github }) },
      insecure,
    )
    expect(await answerOf(response)).toMatchObject({ error: 'invalid_authorization_details' })
  })

  test('the parameter twice is refused altogether', async () => {
    const { url } = await authorizationUrl(server, {
      client,
      resource: uri,
      parameters: asked(readIssues),
    })
    const twice = `${url}&${new URLSearchParams(asked({ name: 'repo' })).toString()}`
    const answer = handOffTarget(await new Browser(server.issuer).open(twice))
    expect(answer.searchParams.get('error')).toBe('invalid_request')
    expect(answer.searchParams.has('code')).toBe(false)
  })
})

describe('the consent', () => {
  test("never hands out another user's connection, and does not tell whether it exists", async () => {
    const missing = `ddls:conn:${crypto.randomUUID()}-github`
    const texts = await Promise.all(
      [stranger, missing].map(async (identifier) => {
        const { browser, page } = await consentPage(asked({ name: 'repo', identifier }))
        expect(page.text).not.toContain('>Allow</button>')
        const forced = await browser.submit(formOf(page, '/consent'), {
          'connection.repo': identifier,
        })
        expect(forced.status).toBe(400)
        return page.text
          .replaceAll(identifier, 'HANDLE')
          .replaceAll(/value="[^"]*"/g, '')
          .replaceAll(/interaction\/[^/]+/g, '')
      }),
    )
    expect(texts[0]).toBe(texts[1])
  })

  test('takes no other connection than one that was offered', async () => {
    for (const handle of [stranger, slack, '']) {
      const { browser, page } = await consentPage(asked(readIssues))
      const forced = await browser.submit(formOf(page, '/consent'), { 'connection.repo': handle })
      expect(forced.status).toBe(400)
    }
  })

  test('escapes what the app asks for', async () => {
    const { page } = await consentPage(asked({ name: 'repo', actions: ['GET /<script>'] }))
    expect(page.text).not.toContain('<script')
  })
})

describe('a refresh', () => {
  test('keeps the details, narrows them for one token, and never loses what was granted', async () => {
    const first = await tokens()
    const kept = await refreshed(first.refresh_token)
    expect(kept.authorization_details).toEqual([granted()])
    const actions = ['GET /repos/*/issues']
    const narrow = await refreshed(kept.refresh_token, asked({ name: 'repo', actions }))
    expect(narrow.authorization_details).toEqual([{ ...granted(), actions }])
    expect(claimsOf(narrow.access_token)['authorization_details']).toEqual([
      { ...granted(), actions },
    ])
    const whole = await refreshed(narrow.refresh_token)
    expect(whole.authorization_details).toEqual([granted()])
  })

  test.each<[string, Detail]>([
    ['another method', { name: 'repo', actions: ['DELETE /repos/**'] }],
    ['every method', { name: 'repo', actions: ['* /repos/**'] }],
    ['every path', { name: 'repo', actions: ['GET'] }],
    ['a wider path', { name: 'repo', actions: ['GET /**'] }],
    ['another connection', { name: 'chat' }],
    ["another user's connection", { name: 'repo', identifier: 'ddls:conn:another' }],
  ])('is refused %s, and the refresh token stays good', async (_what, detail) => {
    const { refresh_token: token } = await tokens()
    expect(await refreshed(token, asked(detail))).toMatchObject({
      error: 'invalid_authorization_details',
    })
    expect((await refreshed(token)).authorization_details).toEqual([granted()])
  })

  test('narrows what was granted without details, and does not widen it either', async () => {
    const { refresh_token: token } = await tokens({})
    const narrow = await refreshed(token, asked({ name: 'repo', actions: ['GET'] }))
    expect(narrow.authorization_details).toMatchObject([{ identifier: github, actions: ['GET'] }])
    expect(claimsOf(narrow.access_token)['ddls:connections']).toEqual({ repo: github })
    const wide = await refreshed(narrow.refresh_token, asked({ identifier: slack }))
    expect(wide.error).toBe('invalid_authorization_details')
  })

  test('the code is redeemed for less, too, and never for more', async () => {
    const code = await authorize(server, {
      client,
      email,
      resource: uri,
      parameters: asked(readIssues),
      consent: { 'connection.repo': github },
    })
    const unknown = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), 'none', {
      ...insecure,
      additionalParameters: asked({ name: 'repo' }),
    })
    expect(await answerOf(unknown)).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('unknown or revoked'),
    })
    const wide = await redeem(server, client, code, { parameters: asked({ name: 'chat' }) })
    expect(await answerOf(wide)).toMatchObject({ error: 'invalid_authorization_details' })
    const narrow = await redeem(server, client, code, {
      parameters: asked({ name: 'repo', actions: ['GET /repos/a'] }),
    })
    expect((await answerOf(narrow)).authorization_details).toEqual([
      { ...granted(), actions: ['GET /repos/a'] },
    ])
  })
})

describe('a token exchange', () => {
  const exchanged = async (
    subject: string,
    parameters: Record<string, string> = {},
  ): Promise<Answer> =>
    answerOf(await exchange(server, own.client, subject, { dpop: await dpopKeys(), parameters }))

  test('keeps the details or narrows them, for good', async () => {
    const { access_token: subject } = await tokens()
    const kept = await exchanged(subject)
    expect(kept.authorization_details).toEqual([granted()])
    expect(claimsOf(kept.access_token)).toMatchObject({
      authorization_details: [granted()],
      'ddls:connections': { repo: github },
    })
    // What the user connects since is not among the details.
    const grantId = String(claimsOf(subject)['ddls:grant'])
    const { grants } = server.ctx.storage
    const { userId } = (await grants.find(grantId))!
    expect(await grants.addConnection(grantId, userId, 'mail', 'ddls:conn:x-mail')).toBe(true)
    expect(claimsOf((await exchanged(subject)).access_token)['ddls:connections']).toEqual({
      repo: github,
    })
    const narrow = await exchanged(subject, asked({ name: 'repo', actions: ['GET /repos/a'] }))
    expect(claimsOf(narrow.access_token)['authorization_details']).toEqual([
      { ...granted(), actions: ['GET /repos/a'] },
    ])
  })

  test('narrows a token without details to one connection', async () => {
    const { access_token: subject } = await tokens(
      {},
      { 'connection.repo': github, 'connection.chat': slack },
    )
    const narrow = await exchanged(subject, asked({ name: 'chat', actions: ['POST'] }))
    expect(claimsOf(narrow.access_token)).toMatchObject({
      authorization_details: [{ identifier: slack, actions: ['POST'] }],
      'ddls:connections': { chat: slack },
    })
    expect(claimsOf(narrow.access_token)['ddls:connections']).not.toHaveProperty('repo')
  })

  test.each<[string, Detail]>([
    ['more actions', { name: 'repo', actions: ['GET /repos/**', 'DELETE /repos/**'] }],
    ['another connection', { name: 'chat' }],
  ])('is refused %s', async (_what, detail) => {
    const { access_token: subject } = await tokens()
    expect(await exchanged(subject, asked(detail))).toMatchObject({
      error: 'invalid_authorization_details',
    })
  })
})
