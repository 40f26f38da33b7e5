import { generateKeyPairSync } from 'node:crypto'
import {
  apiKeyInjection,
  type CredentialKind,
  denyAllPolicy,
  parseBaseUrl,
  parseConnectionHandle,
  seal,
  toBase64url,
  utf8,
  type VerifiedKeySet,
  verifyKeySet,
} from '@holdfast/protocol'
import {
  isPasted,
  loadCatalog,
  type Provider,
  type ProviderKind,
  toReservation,
} from '@holdfast/providers'
import { exampleVariables, samplePattern } from '@holdfast/providers/testing'
import type { User } from '@holdfast/storage'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EveryHost, type HostRequest, startEveryHost } from './helpers/every-host.ts'
import { type RealEnclave, startRealEnclave } from './helpers/real-enclave.ts'
import {
  apiToken,
  type Bound,
  callApi,
  callDispatch,
  directToken,
  makeUser,
  type Reply,
  send,
  startVaultApp,
  type VaultApp,
} from './helpers/vault-app.ts'

const { providers } = loadCatalog()
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
const mintedToken = 'minted-by-the-stand-in'

/** Where people only sign in, a pasted token stands in for the one that they would get: both are sent alike. */
const tried = providers.map((provider): Provider => {
  const { identity, kinds } = provider
  if (hasIdentifiedPaste(provider)) return provider
  const pasted: ProviderKind = {
    id: 'signed_in',
    title: 'Signed in',
    inputs: {},
    ...likeSignedIn(kinds),
  }
  return {
    ...provider,
    kinds: [...kinds, pasted],
    ...(identity?.kinds && { identity: { ...identity, kinds: [...identity.kinds, pasted.id] } }),
  }
})

/** Another kind of credential than the provider's own ones, which could not be told from it. */
function likeSignedIn(kinds: Provider['kinds']): Pick<ProviderKind, 'credential' | 'fields'> {
  if (kinds.every(({ credential }) => credential.kind !== 'bearer')) {
    return { credential: { kind: 'bearer' }, fields: { token: { title: 'Token' } } }
  }
  const header = { header_name: 'Authorization', header_template: 'Bearer {api_key}' }
  return {
    credential: { kind: 'api_key', in: 'header', ...header },
    fields: { api_key: { title: 'Token' } },
  }
}

function hasIdentifiedPaste({ kinds, identity }: Provider): boolean {
  return kinds.some((kind) => isPasted(kind) && (identity?.kinds?.includes(kind.id) ?? true))
}

const cases = tried.flatMap((provider) =>
  provider.kinds
    .filter(isPasted)
    .map((kind) => [`${provider.name}, ${kind.title}`, provider, kind] as const),
)

let hosts: EveryHost
let enclave: RealEnclave
let app: VaultApp
let user: User
let api: Bound
let sealingKey: VerifiedKeySet['key']

beforeAll(async () => {
  hosts = await startEveryHost(
    tried.flatMap((provider) => {
      const urls = [baseUrlOf(provider), provider.oauth?.token_endpoint ?? '']
      return urls.filter(Boolean).map((url) => new URL(fill(provider, url)).hostname)
    }),
  )
  const { relaySocket, caPem } = hosts
  enclave = await startRealEnclave({ upstreams: [], relaySocket, caPem })
  app = await startVaultApp({
    enclaveSocket: enclave.socket,
    providers: tried
      .filter((provider, index) => provider !== providers[index])
      .map((provider) => ({ provider, override: true })),
  })
  user = await makeUser(app, 'ann')
  api = await apiToken(app, user.id, 'connections:read connections:write')
  const published = await send(app, 'GET', '/.well-known/holdfast-sealing-keys.json', {})
  const nowSeconds = Math.floor(Date.now() / 1000)
  sealingKey = (await verifyKeySet(published.json, { nowSeconds })).key
})

afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await enclave?.[Symbol.asyncDispose]()
  await hosts?.[Symbol.asyncDispose]()
})

const fill = (provider: Provider, url: string): string =>
  url.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => exampleVariables(provider)[name] ?? '')
const baseUrlOf = (provider: Provider): string => fill(provider, provider.base_url)

interface Connected {
  readonly handle: string
  readonly baseUrl: string
  readonly credential: CredentialKind
  readonly secrets: Readonly<Record<string, string>>
}

/** Seals a key that fits, as the command line does. Nothing may use it. */
async function connectTo(
  provider: Provider,
  kind: ProviderKind,
  options: { readonly baseUrl?: string; readonly policy?: object; readonly pins?: object } = {},
): Promise<Connected> {
  const details = Object.fromEntries(
    Object.entries(kind.inputs).map(([name, { example }]) => [name, example]),
  )
  const made = toReservation(provider, kind, { variables: exampleVariables(provider), details })
  const { credential } = made
  const baseUrl = options.baseUrl ?? made.base_url
  const reply = await callApi(app, api, 'POST', '/v1/connections', {
    provider: provider.name,
    base_url: baseUrl,
    policy: options.policy ?? denyAllPolicy,
  })
  expect(reply.status, reply.text).toBe(201)
  const { handle, upload } = reply.json as { handle: string; upload: { nonce: string } }
  const secrets = Object.fromEntries(
    Object.keys(kind.fields).map((name) => [name, sampleFor(kind, name)]),
  )
  const connected = { handle, baseUrl, credential, secrets }
  await uploadTo(connected, provider.name, upload.nonce, options.pins)
  return connected
}

async function uploadTo(
  { handle, baseUrl, credential, secrets }: Connected,
  provider: string,
  nonce: string,
  pins: object = {},
): Promise<void> {
  const sealed = await seal(sealingKey, {
    header: {
      credential,
      base_url: baseUrl,
      binding: {
        handle: parseConnectionHandle(handle),
        owner: user.id,
        provider,
        allowed_hosts: [parseBaseUrl(baseUrl).authority],
        upload_nonce: nonce,
        created_at: Math.floor(Date.now() / 1000),
        pins,
      },
    },
    secrets: Object.fromEntries(Object.entries(secrets).map(([name, text]) => [name, utf8(text)])),
  })
  const stored = await callApi(app, api, 'PUT', `/v1/connections/${handle}/credential`, {
    form: sealed.form,
    kid: sealed.kid,
    sealed: toBase64url(sealed.sealed),
    upload_nonce: nonce,
  })
  expect(stored.status, stored.text).toBe(200)
}

function sampleFor(kind: ProviderKind, name: string): string {
  const field = kind.fields[name]
  if (name === 'private_key') return pem
  if (field?.constant !== undefined) return field.constant
  const [pattern = '[a-z0-9]{40}'] = field?.patterns ?? []
  return samplePattern(pattern, (below) => Math.floor(Math.random() * below))
}

const identify = (handle: string): Promise<Reply> =>
  callApi(app, api, 'POST', `/v1/connections/${handle}/identify`)

/** JSON in which every pointer leads to the name. */
function answerNaming(name: string, pointers: readonly string[], ok?: string): unknown {
  const answer: Record<string, unknown> = {}
  const put = (pointer: string, value: unknown): void => {
    let at = answer
    const keys = pointer.split('/').slice(1)
    for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>
    at[keys.at(-1) ?? ''] ??= value
  }
  for (const pointer of pointers) put(pointer, name)
  if (ok !== undefined) put(ok, true)
  return answer
}

/** The credential as the request must carry it: what is missing from it, in words. */
function missingFrom(request: HostRequest, { credential, secrets }: Connected): string | undefined {
  const { headers } = request
  const query = new URL(request.url, 'https://x').searchParams
  const filled = (template: string): string =>
    template.replaceAll(/\{([a-z0-9_]+)\}/g, (_, name: string) => secrets[name] ?? '')
  switch (credential.kind) {
    case 'api_key':
    case 'fields': {
      const places =
        credential.kind === 'fields' ? credential.inject : [apiKeyInjection(credential)]
      return places
        .filter((place) => {
          if (place.in === 'header')
            return headers[place.name.toLowerCase()] !== filled(place.template)
          if (place.in === 'query') return query.get(place.name) !== filled(place.template)
          return place.in !== 'path' || !request.url.includes(`${filled(place.template)}/`)
        })
        .map((place) => JSON.stringify(place))[0]
    }
    case 'bearer':
      return headers.authorization === `Bearer ${secrets['token']}` ? undefined : 'bearer'
    case 'basic': {
      const pair = Buffer.from(`${secrets['username']}:${secrets['password']}`).toString('base64')
      return headers.authorization === `Basic ${pair}` ? undefined : 'basic'
    }
    case 'aws_sigv4': {
      const { region, service } = credential
      const scope = `AWS4-HMAC-SHA256 Credential=${secrets['access_key_id']}/`
      const isSigned =
        headers.authorization?.startsWith(scope) === true &&
        headers.authorization.includes(`/${region}/${service}/aws4_request`)
      return isSigned ? undefined : 'signature'
    }
    default:
      return headers.authorization === `Bearer ${mintedToken}` ? undefined : 'minted token'
  }
}

const isTokenRequest = ({ method }: HostRequest): boolean => method === 'POST'
const mint = {
  access_token: mintedToken,
  token: mintedToken,
  token_type: 'Bearer',
  expires_in: 3600,
  expires_at: new Date(Date.now() + 3_600_000).toISOString(),
}

describe('every provider of the catalog', () => {
  test.each(cases)('%s: the enclave puts the key where it belongs', async (_, provider, kind) => {
    const { identity } = provider
    const isIdentified = identity !== undefined && (identity.kinds?.includes(kind.id) ?? true)
    const name = `account of ${provider.name}`
    hosts.seen.length = 0
    hosts.answer = (request) =>
      isTokenRequest(request)
        ? { status: kind.credential.kind === 'github_app' ? 201 : 200, json: mint }
        : { status: 200, json: answerNaming(name, identity?.account ?? [], identity?.ok) }
    const policy = isIdentified
      ? denyAllPolicy
      : { methods: ['GET'], paths: ['/**'], resources: ['*'] }
    const connected = await connectTo(provider, kind, { policy })
    const { handle, baseUrl } = connected
    const path = isIdentified ? identity.path : '/probe'
    if (isIdentified) {
      const { json } = await identify(handle)
      const account = identity.account.length === 0 ? null : name
      expect(json).toMatchObject({ result: 'ok', status: 200, account, connection: { account } })
    } else {
      const test = { path: '/probe' }
      const { json } = await callApi(app, api, 'POST', `/v1/connections/${handle}/test`, test)
      expect(json).toMatchObject({ success: true, response: { status: 200 } })
    }
    const [request, ...others] = hosts.seen.filter((request) => !isTokenRequest(request))
    expect(others).toEqual([])
    expect(request).toMatchObject({
      method: 'GET',
      host: parseBaseUrl(baseUrl).authority,
      body: '',
    })
    expect(missingFrom(request!, connected)).toBeUndefined()
    // Without what the credential itself put there.
    const bare = new URL(request!.url, 'https://x').pathname.replace(/^\/bot[^/]+/, '')
    expect(bare).toBe(`${parseBaseUrl(baseUrl).basePath}${path.split('?')[0]}`)
    for (const [header, value] of Object.entries(isIdentified ? (provider.headers ?? {}) : {})) {
      expect(request!.headers[header]).toBe(value)
    }
  })
})

describe('the identity request', () => {
  const stripe = tried.find(({ name }) => name === 'stripe')!
  const slack = tried.find(({ name }) => name === 'slack')!
  const [restricted] = stripe.kinds
  const seen = (): readonly HostRequest[] => hosts.seen

  const answer = (status: number, json: unknown): void => {
    hosts.seen.length = 0
    hosts.answer = () => ({ status, json })
  }

  test('passes the policy for itself alone: the same call is refused to everybody else', async () => {
    answer(200, { id: 'acct_1' })
    const { handle } = await connectTo(stripe, restricted!)
    expect((await identify(handle)).json).toMatchObject({ result: 'ok', account: 'acct_1' })
    const caller = await directToken(app, user.id, { stripe: handle })
    const request = { method: 'GET', path: '/v1/account' }
    const dispatched = await callDispatch(app, caller, { connection_handle: handle, request })
    expect(dispatched.json).toMatchObject({ success: false })
    const path = { path: '/v1/account' }
    const tested = await callApi(app, api, 'POST', `/v1/connections/${handle}/test`, path)
    expect(tested.json).toMatchObject({ success: false })
    expect(seen()).toHaveLength(1)
  })

  test('takes nothing from the caller', async () => {
    answer(200, { id: 'acct_1' })
    const { handle } = await connectTo(stripe, restricted!)
    const body = { path: '/v1/charges', method: 'DELETE' }
    await callApi(app, api, 'POST', `/v1/connections/${handle}/identify`, body)
    for (const { method, url } of seen()) expect([method, url]).toEqual(['GET', '/v1/account'])
  })

  test('leaves the stored record as it was', async () => {
    answer(200, { id: 'acct_1' })
    const { handle } = await connectTo(stripe, restricted!)
    const before = await app.context.storage.connections.find(handle)
    await identify(handle)
    const after = await app.context.storage.connections.find(handle)
    expect(after?.record).toEqual(before?.record)
    expect([after?.recordVersion, after?.policy]).toEqual([before?.recordVersion, before?.policy])
  })

  test('is not made on a host that is not the provider’s', async () => {
    answer(200, { id: 'acct_1' })
    const { handle } = await connectTo(stripe, restricted!, { baseUrl: 'https://api.github.com' })
    expect((await identify(handle)).json).toMatchObject({ result: 'unavailable', account: null })
    expect(seen()).toEqual([])
  })

  test('does not pass what the owner sealed', async () => {
    answer(200, { id: 'acct_1' })
    const { handle } = await connectTo(stripe, restricted!, { pins: { paths: ['/v1/customers'] } })
    expect((await identify(handle)).json).toMatchObject({ result: 'failed', account: null })
    expect(seen()).toEqual([])
  })

  test('is made in the name of a resource that the owner sealed', async () => {
    answer(200, { id: 'acct_1' })
    const pins = { resources: ['https://mcp.example.com/mcp'] }
    const { handle } = await connectTo(stripe, restricted!, { pins })
    expect((await identify(handle)).json).toMatchObject({ result: 'ok' })
  })

  test.each([
    ['another user', async () => (await makeUser(app, `eve${Math.random()}`)).id, 404],
    ['a token without the scope', () => Promise.resolve(user.id), 403],
  ])('is not made for %s', async (_, sub, status) => {
    answer(200, { id: 'acct_1' })
    const { handle } = await connectTo(stripe, restricted!)
    const scope = status === 404 ? 'connections:write' : 'connections:read'
    const stranger = await apiToken(app, await sub(), scope)
    const path = `/v1/connections/${handle}/identify`
    expect((await callApi(app, stranger, 'POST', path)).status).toBe(status)
    expect(seen()).toEqual([])
  })

  test('is not made through a paused connection', async () => {
    answer(200, { id: 'acct_1' })
    const { handle } = await connectTo(stripe, restricted!)
    await callApi(app, api, 'PATCH', `/v1/connections/${handle}`, { status: 'paused' })
    expect((await identify(handle)).json).toMatchObject({
      result: 'failed',
      code: 'CONNECTION_SUSPENDED',
    })
    expect(seen()).toEqual([])
  })

  test('says when the provider refuses the key, also with HTTP 200', async () => {
    const { handle } = await connectTo(stripe, restricted!)
    answer(401, { error: 'no' })
    expect((await identify(handle)).json).toMatchObject({ result: 'refused', status: 401 })
    answer(403, { error: 'no' })
    expect((await identify(handle)).json).toMatchObject({ result: 'forbidden', status: 403 })
    const ofSlack = await connectTo(slack, slack.kinds[0]!)
    answer(200, { ok: false, error: 'invalid_auth' })
    expect((await identify(ofSlack.handle)).json).toMatchObject({
      result: 'refused',
      account: null,
    })
    answer(500, {})
    expect((await identify(handle)).json).toMatchObject({ result: 'failed', status: 500 })
  })

  test('shows no control characters, no endless name, and never the key', async () => {
    const { handle, secrets } = await connectTo(stripe, restricted!)
    answer(200, { id: `\u001b[31mada\u202e\n${'x'.repeat(500)}` })
    const { account } = (await identify(handle)).json as { account: string }
    expect(account).toMatch(/^\[31madax{113}$/)
    answer(200, { id: secrets['token'] })
    const echoed = await identify(handle)
    expect(echoed.text).not.toContain(secrets['token'])
    expect(app.logged()).not.toContain(secrets['token'])
  })

  test('is remembered until another credential takes its place', async () => {
    answer(200, { id: 'acct_1' })
    const connected = await connectTo(stripe, restricted!)
    const path = `/v1/connections/${connected.handle}`
    await identify(connected.handle)
    await callApi(app, api, 'PATCH', path, { label: 'kept', policy: denyAllPolicy })
    expect((await callApi(app, api, 'GET', path)).json).toMatchObject({ account: 'acct_1' })
    const reopened = await callApi(app, api, 'POST', `${path}/upload`)
    const { upload } = reopened.json as { upload: { nonce: string } }
    await uploadTo(connected, stripe.name, upload.nonce)
    expect((await callApi(app, api, 'GET', path)).json).toMatchObject({ account: null })
  })
})
