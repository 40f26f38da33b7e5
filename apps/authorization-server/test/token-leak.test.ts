import { afterAll, beforeAll, expect, test } from 'vitest'
import { dirname } from 'node:path'
import { readFileSync } from 'node:fs'
import { request } from 'undici'
import {
  findInBytes,
  findInFolder,
  findInProcess,
  type Needle,
  needlesOf,
} from '../../../test/helpers/canary.ts'
import { type ControlPlane, startControlPlane } from './helpers/control-planes.ts'
import { edit } from './helpers/edit-database.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  authorizationLink,
  callerFor,
  type Caller,
  clientCredentials,
  connectSealed,
  makeApp,
  makePerson,
  reserveOAuth,
  toProvider,
  usable,
} from './helpers/token-connections.ts'
import {
  serviceAccount,
  startTokenProvider,
  type TokenProvider,
  type Trick,
} from './helpers/token-provider.ts'
import { callApi, startVaultApp, type VaultApp } from './helpers/vault-app.ts'
import { Browser } from './support/browser.ts'

let provider: TokenProvider
let enclave: RealEnclave
let app: VaultApp
let plane: ControlPlane
let admin: Caller
let ann: Caller

beforeAll(async () => {
  provider = await startTokenProvider()
  enclave = await startRealEnclave({ upstreams: [provider.authority], caPem: provider.caPem })
  app = await startVaultApp({ enclaveSocket: enclave.socket })
  plane = await startControlPlane(app, enclave.socket)
  admin = await callerFor(app, await makePerson(app, 'root', 'admin'), 'admin connections:write')
  ann = await callerFor(app, await makePerson(app, 'ann'))
})
afterAll(async () => {
  await plane[Symbol.asyncDispose]()
  await app[Symbol.asyncDispose]()
  await enclave[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const me = (handle: string) => ({
  connection_handle: handle,
  request: { method: 'GET', path: '/api/me' },
})

/** Everything that somebody outside the enclave was answered. */
const answers: string[] = []
const call = async (connection: Awaited<ReturnType<typeof usable>>): Promise<void> => {
  answers.push(JSON.stringify(await plane.dispatch(connection.caller, me(connection.handle))))
}

const makeDue = (handle: string): void =>
  edit(
    app,
    `update connections set token_refresh_at_ms = 1, token_expires_at_ms = 1,
       refresh_retry_at_ms = null, status = 'active' where handle = ?`,
    handle,
  )

/** What a provider says that repeats all it was told, in an error of each kind. */
const echoes: readonly ((body: string) => readonly [number, string, string])[] = [
  (body) => [400, 'application/json', JSON.stringify({ error: 'invalid_request', body })],
  (body) => [400, 'application/json', JSON.stringify({ error: body.slice(0, 400) })],
  (body) => [401, 'application/json', JSON.stringify({ error: 'invalid_client', uri: body })],
  (body) => [200, 'text/html', `<p>${body}</p>`],
  (body) => [500, 'text/plain', body],
  (body) => [302, 'text/plain', body],
]

const echoing =
  (echo: (typeof echoes)[number]): Trick =>
  ({ url = '', headers }, response, body) => {
    if (!/token/.test(url)) return false
    const [status, type, text] = echo(`${body} ${headers.authorization ?? ''}`)
    response.writeHead(status, { 'content-type': type, 'x-echo': encodeURIComponent(body) })
    response.end(text)
    return true
  }

/** A provider that dies in the middle of its answer. */
const dying: Trick = ({ url = '' }, response, body) => {
  if (!/token/.test(url)) return false
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9000' })
  response.write(JSON.stringify({ error: body }))
  response.destroy()
  return true
}

test(
  'no token, client secret, key, assertion or verifier is anywhere outside the enclave',
  {
    timeout: 120_000,
  },
  async () => {
    // In the browser and back, through the control plane that is searched afterwards.
    const browser = new Browser(app.issuer)
    const oauthApp = await makeApp(app, admin, provider, {
      revocation_endpoint: undefined,
      revocation_request: {
        method: 'POST',
        url: `${provider.url}/end/{token}`,
        authentication: 'client',
        body: { format: 'json', fields: { token: '{token}', secret: '{client_secret}' } },
      },
    })
    const handle = await reserveOAuth(app, ann, oauthApp)
    const page = await toProvider(browser, await authorizationLink(app, ann, handle), ann.user)
    const back = await provider.approve(page)
    expect((await callback(back, browser)).status).toBe(200)
    const oauth = await usable(app, ann, handle)
    expect((await callApi(app, ann.api, 'GET', `/v1/connections/${handle}`)).json.status).toBe(
      'active',
    )

    const privateKey = { private_key: provider.privateKeyPem }
    const connections = [
      oauth,
      await connectSealed(app, ann, provider, clientCredentials(provider), {
        client_secret: provider.client.secret,
      }),
      await connectSealed(app, ann, provider, serviceAccount(provider), privateKey),
      await connectSealed(
        app,
        ann,
        provider,
        { kind: 'github_app', api_url: provider.url, app_id: 'app-5', installation_id: '77' },
        privateKey,
      ),
    ]
    for (const connection of connections) {
      await call(connection)
      makeDue(connection.handle)
      await call(connection)
    }
    const codes = [back.searchParams.get('code')!]
    for (const trick of [...echoes.map(echoing), dying]) {
      for (const connection of connections) {
        provider.trick = trick
        makeDue(connection.handle)
        await call(connection)
      }
      // The only errors that have a verifier to repeat: those of a code that is being exchanged.
      provider.trick = undefined
      const unfinished = await reserveOAuth(app, ann, oauthApp)
      const link = await authorizationLink(app, ann, unfinished)
      const refused = await provider.approve(await toProvider(browser, link, ann.user))
      codes.push(refused.searchParams.get('code')!)
      const exchanges = provider.asked['authorization_code'] ?? 0
      provider.trick = trick
      expect((await callback(refused, browser)).status).toBeGreaterThanOrEqual(400)
      expect(provider.asked['authorization_code']).toBe(exchanges + 1)
    }
    // A provider that repeats what should end a token, and does not end it.
    let ends = 0
    provider.trick = ({ url = '', headers }, response, body) => {
      if (!url.startsWith('/end/')) return false
      ends++
      response.writeHead(400, { 'content-type': 'application/json', 'x-echo': url })
      response.end(JSON.stringify({ error: body, url, authorization: headers.authorization }))
      return true
    }
    for (const { handle: one } of connections) {
      answers.push((await callApi(app, ann.api, 'DELETE', `/v1/connections/${one}`)).text)
    }
    await expect.poll(() => ends).toBe(1)

    // Proof that the search can find something: the calls went through with these very secrets.
    expect(answers.filter((text) => text.includes('octo')).length).toBeGreaterThanOrEqual(8)
    expect(provider.secrets.size).toBeGreaterThan(15)
    expect(findInBytes('PEM', Buffer.from(provider.privateKeyPem), keyNeedles())).not.toEqual([])
    const inLogs = [...needles([...provider.secrets, ...codes]), ...keyNeedles()]
    const found = [
      ...findInBytes('an answer', Buffer.from(answers.join('\n')), inLogs),
      ...findInBytes('the log', Buffer.from(app.logged()), inLogs),
      ...findInFolder(dirname(app.database), inLogs),
      // A code passes through: it is worthless without verifier and client secret, and spent at once.
      ...inMemory([
        ...needles([...provider.secrets].filter((secret) => !codes.includes(secret))),
        ...keyNeedles(),
      ]),
    ]
    expect(found).toEqual([])
  },
)

/** Of the private key, a line behind the public numbers: as it stands in the PEM, and its bytes. */
function keyNeedles(): readonly Needle[] {
  const line = provider.privateKeyPem.split('\n')[10]!
  return [...needlesOf(line), { form: 'DER', bytes: Buffer.from(line, 'base64') }]
}

const needles = (secrets: readonly string[]): readonly Needle[] =>
  secrets.filter(({ length }) => length >= 16).flatMap(needlesOf)

function inMemory(all: readonly Needle[]) {
  try {
    readFileSync(`/proc/${plane.pid}/maps`)
  } catch {
    return []
  }
  // Proof that this memory can be searched.
  expect(findInProcess('it', plane.pid, needlesOf(app.issuer))).not.toEqual([])
  return findInProcess('the control plane', plane.pid, all)
}

/** Brings the provider's answer to the control plane that is a process of its own. */
async function callback(back: URL, browser: Browser): Promise<{ readonly status: number }> {
  const { statusCode, headers, body } = await request(
    `${plane.origin}${back.pathname}${back.search}`,
    {
      headers: {
        host: new URL(app.issuer).host,
        cookie: ['holdfast_connect', 'holdfast_session', 'holdfast_session.sig']
          .map((name) => `${name}=${browser.cookie(name)}`)
          .join('; '),
        accept: 'text/html',
      },
    },
  )
  answers.push(JSON.stringify(headers), await body.text())
  return { status: statusCode }
}
