import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { decodeEnvelope } from '@holdfast/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type Client,
  ClientError,
  createClient,
  memoryTokenStore,
  readClaims,
  type TokenStore,
} from '../src/index.ts'
import { fileTokenStore } from '../src/node/index.ts'
import { fakeEnclave, type FakeServer, sealedBytes, startFakeServer } from './fake-server.ts'

function tempFile(name: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hf-client-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'profiles', name)
}

async function signedIn(
  server: FakeServer,
  tokenStore: TokenStore = memoryTokenStore(),
): Promise<{ client: Client; tokenStore: TokenStore }> {
  const client = createClient({ issuer: server.issuer, tokenStore })
  await login(client, server)
  return { client, tokenStore }
}

const login = (client: Client, server: FakeServer): Promise<unknown> =>
  client.login({ redirectUri: 'http://127.0.0.1:1/callback', authorize: server.authorize })

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
const secret = bytes('ghp_canary')
const apiKey = (part: { header_name?: string; header_template?: string }) => ({
  kind: 'api_key' as const,
  header_name: 'X-Api-Key',
  header_template: '{api_key}',
  ...part,
})
const github = {
  provider: 'github',
  baseUrl: 'https://api.github.com/v3/',
  credential: { kind: 'bearer' },
  secrets: { token: secret },
} as const

describe('login', () => {
  it('binds the tokens to a key of this device and keeps them apart by resource', async () => {
    const server = await startFakeServer()
    const { client, tokenStore } = await signedIn(server)
    await client.login({
      resource: 'dispatch',
      redirectUri: 'http://127.0.0.1:1/callback',
      authorize: server.authorize,
    })
    const session = await tokenStore.load()
    expect(Object.keys(session?.tokens ?? {})).toEqual([
      `${server.issuer}/v1`,
      `${server.issuer}/dispatch`,
    ])
    const { accessToken } = await client.token('dispatch')
    expect(readClaims(accessToken)).toMatchObject({ aud: `${server.issuer}/dispatch` })
  })

  it.each([
    ['names no issuer', ''],
    ['names another issuer', 'https://evil.example'],
  ])('refuses an answer that %s', async (_what, iss) => {
    const server = await startFakeServer()
    server.behaviour.issInAnswer = iss
    await expect(signedIn(server)).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
    expect(server.requests.filter((line) => line.includes('/token'))).toEqual([])
  })

  it('refuses an answer to another request', async () => {
    const server = await startFakeServer()
    const client = createClient({ issuer: server.issuer, tokenStore: memoryTokenStore() })
    const authorize = async (url: URL): Promise<URL> => {
      const answer = await server.authorize(url)
      answer.searchParams.set('state', 'of somebody else')
      return answer
    }
    const redirectUri = 'http://127.0.0.1:1/callback'
    await expect(client.login({ redirectUri, authorize })).rejects.toMatchObject({
      code: 'LOGIN_FAILED',
    })
  })

  it('refuses a server that names itself otherwise', async () => {
    const server = await startFakeServer()
    server.behaviour.issuerInMetadata = 'https://evil.example'
    await expect(signedIn(server)).rejects.toMatchObject({ code: 'ISSUER_MISMATCH' })
  })

  it('refuses a token that is not bound to the key', async () => {
    const server = await startFakeServer()
    server.behaviour.tokenType = 'Bearer'
    await expect(signedIn(server)).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
  })

  it('refuses plain http to another machine', () => {
    const create = (): Client =>
      createClient({
        issuer: 'http://vault.example',
        tokenStore: memoryTokenStore(),
        fetch: () => Promise.reject(new Error('must not be called')),
      })
    expect(create).toThrow(expect.objectContaining({ code: 'PLAINTEXT_REFUSED' }))
  })

  it('works by a code on another device', async () => {
    const server = await startFakeServer()
    server.behaviour.pendingPolls = 2
    const client = createClient({ issuer: server.issuer, tokenStore: memoryTokenStore() })
    const codes: string[] = []
    const tokens = await client.loginWithDevice({
      onPrompt: ({ userCode }) => void codes.push(userCode),
    })
    expect(codes).toEqual(['WDJB-MJHT'])
    expect(readClaims(tokens.accessToken)).toMatchObject({ aud: `${server.issuer}/v1` })
    expect((await client.token('management')).accessToken).toBe(tokens.accessToken)
  })

  it('by a code is refused where the server offers none', async () => {
    const server = await startFakeServer()
    server.behaviour.offersDevice = false
    const client = createClient({ issuer: server.issuer, tokenStore: memoryTokenStore() })
    const login = client.loginWithDevice({ onPrompt: () => undefined })
    await expect(login).rejects.toMatchObject({ code: 'LOGIN_FAILED' })
  })

  it('says that nothing answers', async () => {
    const client = createClient({
      issuer: 'http://127.0.0.1:9',
      tokenStore: memoryTokenStore(),
    })
    const options = {
      redirectUri: 'http://127.0.0.1:1/callback',
      authorize: () => Promise.reject(),
    }
    await expect(client.login(options)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
  })
})

describe('refresh', () => {
  it('happens once for many callers', async () => {
    const server = await startFakeServer()
    server.behaviour.accessTokenSeconds = 1
    const { client } = await signedIn(server)
    server.behaviour.accessTokenSeconds = 300
    const tokens = await Promise.all(Array.from({ length: 20 }, () => client.token('management')))
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1)
    expect(server.refreshes()).toBe(1)
  })

  it('happens once for many processes that share a profile', async () => {
    const server = await startFakeServer()
    const file = tempFile('default.json')
    server.behaviour.accessTokenSeconds = 1
    await signedIn(server, fileTokenStore(file))
    server.behaviour.accessTokenSeconds = 300
    const worker = path.join(import.meta.dirname, 'refresh-worker.ts')
    const args = ['--conditions=@holdfast/source', '--no-warnings', worker, server.issuer, file]
    const outputs = await Promise.all(
      Array.from({ length: 4 }, () => text(spawn(process.execPath, args).stdout)),
    )
    expect(new Set(outputs).size).toBe(1)
    expect(outputs[0]).not.toBe('')
    expect(server.refreshes()).toBe(1)
  })

  it('that is refused ends the session with a clear error', async () => {
    const server = await startFakeServer()
    server.behaviour.accessTokenSeconds = 1
    const { client } = await signedIn(server)
    server.revokeSession()
    await expect(client.token('management')).rejects.toMatchObject({ code: 'SESSION_EXPIRED' })
    await expect(client.token('management')).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' })
  })

  it('is not held up by the lock of a process that died', async () => {
    const server = await startFakeServer()
    const file = tempFile('default.json')
    const { client } = await signedIn(server, fileTokenStore(file))
    writeFileSync(`${file}.lock`, 'dead')
    const longAgo = new Date(Date.now() - 60_000)
    utimesSync(`${file}.lock`, longAgo, longAgo)
    await client.logout()
    await expect(client.token('management')).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' })
  })
})

describe('calls', () => {
  it('carry a proof, and a nonce when the server demands one', async () => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    server.behaviour.demandNonce = true
    expect(await client.connections.list()).toEqual([])
  })

  it('without a session never reach the server', async () => {
    const server = await startFakeServer()
    const client = createClient({ issuer: server.issuer, tokenStore: memoryTokenStore() })
    await expect(client.connections.list()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' })
    expect(server.requests).toEqual([])
  })

  it('of one server never carry the tokens of another', async () => {
    const server = await startFakeServer()
    const other = await startFakeServer()
    const { tokenStore } = await signedIn(server)
    const client = createClient({ issuer: other.issuer, tokenStore })
    await expect(client.connections.list()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' })
    expect(other.requests).toEqual([])
  })
})

describe('sealing', () => {
  it('sends ciphertext only, bound to what the caller named', async () => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    const receipt = await client.connections.create(github)
    const [upload] = server.uploads
    expect(JSON.stringify(upload)).not.toContain('ghp_canary')
    const { header, secrets } = decodeEnvelope(server.behaviour.enclave.open(sealedBytes(upload)))
    expect(header).toMatchObject({
      base_url: 'https://api.github.com/v3',
      credential: { kind: 'bearer' },
      binding: { handle: receipt.handle, owner: 'usr_ada', allowed_hosts: ['api.github.com'] },
    })
    expect(secrets['token']).toEqual(secret)
    expect(upload).toMatchObject({ form: 'sealed-box', upload_nonce: 'a-nonce-of-one-upload' })
  })

  it('pins the enclave on first use and says so once', async () => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    const first = await client.keys.sealing()
    expect(first).toMatchObject({
      firstUse: true,
      pin: { identity: server.behaviour.enclave.identity },
    })
    expect((await client.keys.sealing()).firstUse).toBe(false)
  })

  it('refuses an enclave that was swapped, before anything is reserved or sealed', async () => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    await client.keys.sealing()
    server.behaviour.enclave = fakeEnclave()
    await expect(client.connections.create(github)).rejects.toMatchObject({
      code: 'IDENTITY_CHANGED',
    })
    expect(server.requests.filter((line) => line.includes('/v1/connections'))).toEqual([])
  })

  it.each([
    ['a line break in the secret', { secrets: { token: bytes('ghp_canary\n') } }, 'line break'],
    ['NUL in the secret', { secrets: { token: bytes('ghp_canary\0') } }, 'line break or NUL'],
    ['an empty secret', { secrets: { token: bytes('') } }, 'missing or empty'],
    ['a secret that is too long', { secrets: { token: bytes('x'.repeat(16_385)) } }, 'fields'],
    [
      'a template without the key',
      { credential: apiKey({ header_template: 'Bearer' }), secrets: { api_key: secret } },
      'the template must contain {api_key}',
    ],
    [
      'a wrong header name',
      { credential: apiKey({ header_name: 'X Key' }), secrets: { api_key: secret } },
      'not a header name',
    ],
    ['a base URL without https', { baseUrl: 'http://api.github.com' }, 'must be https'],
    [
      'a base URL that is too long',
      { baseUrl: `https://a.example/${'x'.repeat(2048)}` },
      'base_url',
    ],
  ])('refuses %s before anything is reserved', async (_name, part, message) => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    const error = await client.connections.create({ ...github, ...part }).catch((e: unknown) => e)
    expect(error).toMatchObject({ name: 'ProtocolError' })
    expect(String(error)).toContain(message)
    expect(String(error)).not.toContain('ghp_canary')
    expect(server.requests.filter((line) => line.includes('/v1/connections'))).toEqual([])
  })

  it.each([
    ['bare values', { connection_name: 'github', values: { token: 'ghp_canary' } }],
    ['strings', { ...github, secrets: { token: 'ghp_canary' } }],
    ['nothing', { ...github, secrets: null }],
    ['no kind', { ...github, credential: { token: 'ghp_canary' } }],
    ['an unknown kind', { ...github, credential: { kind: 'ghp_canary' } }],
    ['a kind that every object has', { ...github, credential: { kind: 'toString' } }],
  ])('refuses a credential as %s and sends nothing of it', async (_what, connection) => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    const { handle } = await client.connections.create(github)
    const before = server.requests.length
    const attempts = await Promise.allSettled([
      client.connections.create(connection as never),
      client.connections.rotate(handle, connection as never),
    ])
    for (const attempt of attempts) {
      const error: unknown = attempt.status === 'rejected' && attempt.reason
      expect(error).toMatchObject({ name: 'ClientError', code: 'INVALID_REQUEST' })
      expect(String(error)).not.toContain('ghp_canary')
    }
    expect(server.requests.slice(before)).toEqual([])
  })

  it('follows a signed succession and remembers whom it came from', async () => {
    const server = await startFakeServer()
    const { client, tokenStore } = await signedIn(server)
    await client.keys.sealing()
    const before = server.behaviour.enclave.identity
    server.behaviour.enclave = server.behaviour.enclave.successor()
    await client.connections.create(github)
    expect((await tokenStore.load())?.pin).toMatchObject({
      identity: server.behaviour.enclave.identity,
      former: [before],
    })
  })

  it('refuses a sealing key that the enclave did not sign', async () => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    const { enclave } = server.behaviour
    const { keys } = fakeEnclave().keySet
    server.behaviour.enclave = { ...enclave, keySet: { ...enclave.keySet, keys } }
    await expect(client.connections.create(github)).rejects.toMatchObject({
      problem: 'INVALID_KEY_SET',
    })
  })

  it('refuses to seal for another owner and takes the reservation back', async () => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    server.behaviour.owner = 'usr_mallory'
    await expect(client.connections.create(github)).rejects.toMatchObject({
      code: 'BINDING_REFUSED',
    })
    expect(server.uploads).toEqual([])
    expect(server.requests.at(-1)).toMatch(/^DELETE \/v1\/connections\//)
  })

  it('gives a handle a new value, for what the caller named and with the limits that it had', async () => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    const handle = 'ddls:conn:01KQ0000000000000000000000-github'
    const receipt = await client.connections.rotate(handle, github)
    expect(receipt.handle).toBe(handle)
    const [upload] = server.uploads
    const { header } = decodeEnvelope(server.behaviour.enclave.open(sealedBytes(upload)))
    expect(header).toMatchObject({
      base_url: 'https://api.github.com/v3',
      binding: {
        ...{ handle, allowed_hosts: ['api.github.com'], pins: { methods: ['GET'] } },
        upload_nonce: 'a-nonce-of-a-rotation',
      },
    })
  })

  it('gives the new value to no other handle', async () => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    server.behaviour.rotatedHandle = 'ddls:conn:01KQ0000000000000000000001-github'
    await expect(
      client.connections.rotate('ddls:conn:01KQ0000000000000000000000-github', github),
    ).rejects.toMatchObject({ code: 'BINDING_REFUSED' })
    expect(server.uploads).toEqual([])
  })

  it('tells which field the server refused', async () => {
    const server = await startFakeServer()
    const { client } = await signedIn(server)
    server.behaviour.uploadStatus = 422
    const error = await client.connections.create(github).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ClientError)
    expect(error).toMatchObject({
      code: 'INVALID_REQUEST',
      problem: 'CREDENTIAL_REFUSED',
      fields: [{ pointer: '/sealed', detail: 'is not right' }],
    })
  })
})

describe('the profile file', () => {
  it('belongs to its user alone', async () => {
    const file = tempFile('default.json')
    await signedIn(await startFakeServer(), fileTokenStore(file))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
  })

  it('keeps the pin after logout, and nothing that signs in', async () => {
    const file = tempFile('default.json')
    const server = await startFakeServer()
    const { client } = await signedIn(server, fileTokenStore(file))
    await client.keys.sealing()
    await client.logout()
    const stored = readFileSync(file, 'utf8')
    expect(stored).toContain(server.behaviour.enclave.identity)
    expect(stored).not.toContain('refresh-')
  })

  it('that is damaged says what to do', async () => {
    const file = tempFile('default.json')
    const store = fileTokenStore(file)
    await store.exclusive(() => Promise.resolve())
    writeFileSync(file, '{', { mode: 0o600 })
    await expect(store.load()).rejects.toMatchObject({
      fix: 'remove the file and sign in again',
    })
  })
})
