import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { trustIssuer } from '../src/assertions/issuers.ts'
import { newIssuerSchema } from '../src/assertions/trust.ts'
import { createAssertionVerifier } from '../src/assertions/verify.ts'
import {
  clientKeyUses,
  createKeySets,
  type KeySetOptions,
  type KeySets,
} from '../src/outbound/key-sets.ts'
import { registerClient } from '../src/registration/clients.ts'
import { Browser } from './support/browser.ts'
import { type DocumentHost, startDocumentHost } from './support/document-host.ts'
import { addResource, askSigned, authorizationUrl } from './support/flow.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const minuteMs = 60_000

let host: DocumentHost
let server: TestServer
let nowMs: number
let privateKey: CryptoKey
let keySet: string
/** What the address of the keys answers. */
let keysAnswer: { status: number; text: string }

beforeEach(async () => {
  nowMs = Date.now()
  host = await startDocumentHost()
  server = await startTestServer({ config: { outbound: host.outbound }, clock: () => nowMs })
  await addResource(server)
  const pair = await generateKeyPair('RS256', { extractable: true })
  privateKey = pair.privateKey
  keySet = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1' }] })
  keysAnswer = { status: 200, text: keySet }
  const documents = host.handler.bind(host)
  host.handler = (request, response) => {
    if (!request.url?.startsWith('/keys')) return documents(request, response)
    response.writeHead(keysAnswer.status).end(keysAnswer.text)
    return undefined
  }
})
afterEach(async () => {
  await server.stop()
  await host.stop()
})

const hits = (path: string): number =>
  host.requests.filter((request) => request.startsWith(`${path} `)).length

const serveSigningClient = (name = 'client'): string =>
  host.serve(`/${name}.json`, {
    redirect_uris: ['http://127.0.0.1/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'RS256',
    jwks_uri: host.url('/keys'),
  })

/** What the token endpoint says to a client that signs. */
async function signedRequest(id: string): Promise<unknown> {
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(server.issuer)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(privateKey)
  return (await askSigned(server, id, assertion)).body['error']
}

async function pageFor(clientId: string): Promise<{ status: number; text: string }> {
  const { url } = await authorizationUrl(server, { client: { client_id: clientId } })
  return new Browser(server.issuer).open(url)
}

describe('a stranger who makes this server ask a host for documents that are not there', () => {
  const nothing = (): string => host.url(`/nothing-${randomUUID()}.json`)
  /** From many addresses, each of which has a few requests of its own. */
  const spend = async (): Promise<void> => {
    for (let n = 0; n < 31; n += 1) {
      const { documents } = server.ctx
      await expect(documents.resolve(nothing(), `192.0.2.${n}`)).rejects.toThrow()
    }
  }

  test('does not cut off the keys of its clients', async () => {
    const id = serveSigningClient()
    expect(await signedRequest(id)).toBe('invalid_grant')
    nowMs += 11 * minuteMs
    await spend()
    expect(await signedRequest(id)).toBe('invalid_grant')
    expect(hits('/keys')).toBe(2)
  })

  test('does not cut off an issuer that an administrator trusts, with the keys of clients either', async () => {
    const issuer = host.url('/tenant')
    const { id } = await server.addUser('ann@example.com')
    const uri = 'https://mcp.example/own'
    await addResource(server, { resource: uri })
    const { client } = await registerClient(
      server.ctx,
      { client_name: 'Job', redirect_uris: ['http://127.0.0.1/callback'] },
      'usr_admin',
    )
    await trustIssuer(
      server.ctx,
      newIssuerSchema.parse({
        issuer,
        trust: {
          ...{ uses: ['workload'], jwks_uri: host.url('/keys'), clients: [client.clientId] },
          ...{
            subjects: [{ subject: 'u-ann', user: id }],
            resources: [uri],
          },
        },
      }),
      'usr_admin',
    )
    for (const use of ['new-document', 'known-document', 'new-keys', 'known-keys'] as const) {
      const options = { accept: '*/*', maxBytes: 1000, timeoutMs: 5000, use }
      for (let n = 0; n < 30; n += 1) await server.ctx.outbound.get(host.url('/x'), options)
      await expect(server.ctx.outbound.get(host.url('/x'), options)).rejects.toThrow('too often')
    }
    const text = await new SignJWT({ email: 'ann@example.com' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(issuer)
      .setSubject('u-ann')
      .setAudience(server.issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey)
    const verified = await createAssertionVerifier(server.ctx)(text, () => ({
      ...{ use: 'workload', types: [undefined], audience: [server.issuer] },
      ...{ singleAudience: true, maxLifetime: 600 },
    }))
    expect(verified.claims.sub).toBe('u-ann')
  })

  test('does not keep documents that are known from being looked at again', async () => {
    const id = host.serve('/known.json')
    await server.ctx.documents.resolve(id)
    nowMs += 120 * minuteMs
    await spend()
    expect((await server.ctx.documents.resolve(id)).origin).toBe('fetched')
    expect(hits('/known.json')).toBe(2)
  })

  test('has five a minute of one host, and others have theirs', async () => {
    for (let n = 0; n < 31; n += 1) await pageFor(nothing())
    expect(host.requests).toHaveLength(5)
    const id = host.serve('/new.json')
    expect((await server.ctx.documents.resolve(id, '192.0.2.7')).origin).toBe('fetched')
  })
})

describe('the keys of a client', () => {
  const keySetsOf = (uses: KeySetOptions['uses']): KeySets =>
    createKeySets({ outbound: server.ctx.outbound, clock: () => nowMs, uses })

  const fetching = (uses: KeySetOptions['uses']) => {
    const keySets = keySetsOf(uses)
    return (from: string, path: string): Promise<boolean> =>
      keySets.get(host.url(`/keys?${path}`), from).then(
        () => true,
        () => false,
      )
  }

  test.each([
    ['an error', 503, 'down'],
    ['a page', 200, '<html>'],
    ['another object', 200, '{"error":"maintenance"}'],
    ['no keys', 200, '{"keys":[null]}'],
    ['more than a set of keys holds', 200, `{"keys":[],"x":"${'x'.repeat(64 * 1024)}"}`],
  ])('serve for ten minutes while their host answers with %s', async (_what, status, text) => {
    const id = serveSigningClient()
    expect(await signedRequest(id)).toBe('invalid_grant')
    keysAnswer = { status, text }
    nowMs += 9 * minuteMs
    expect(await signedRequest(id)).toBe('invalid_grant')
    expect(hits('/keys')).toBe(2)
    nowMs += 2 * minuteMs
    expect(await signedRequest(id)).toBe('invalid_client')
    keysAnswer = { status: 200, text: keySet }
    nowMs += minuteMs
    expect(await signedRequest(id)).toBe('invalid_grant')
  })

  test('that are taken back are gone', async () => {
    const id = serveSigningClient()
    expect(await signedRequest(id)).toBe('invalid_grant')
    keysAnswer = { status: 200, text: '{"keys":[]}' }
    nowMs += 2 * minuteMs
    expect(await signedRequest(id)).toBe('invalid_client')
  })

  test('that one address had fetched for it do not use up their host, also when they are known', async () => {
    const fetched = fetching({ known: 'known-keys', unknown: 'known-keys' })
    await fetched('203.0.113.1', 'own')
    for (let n = 0; n < 30; n += 1) await fetched('198.51.100.7', `invented-${n}`)
    expect(hits('/keys?invented-10')).toBe(0)
    // Nor does its refusal speak of the host.
    expect(await fetched('203.0.113.1', 'invented-10')).toBe(true)
    nowMs += 2 * minuteMs
    await fetched('203.0.113.1', 'own')
    expect(hits('/keys?own')).toBe(2)
  })

  test('that are known are looked at again when strangers used up what there is for new ones', async () => {
    const fetched = fetching(clientKeyUses)
    await fetched('203.0.113.1', 'own')
    for (let n = 0; n < 30; n += 1) await fetched(`192.0.2.${n}`, `invented-${n}`)
    expect(await fetched('203.0.113.2', 'new')).toBe(false)
    nowMs += 2 * minuteMs
    await fetched('203.0.113.1', 'own')
    expect(hits('/keys?own')).toBe(2)
  })

  test('are not asked for again in the seconds after a failure', async () => {
    const keySets = keySetsOf(clientKeyUses)
    keysAnswer = { status: 503, text: '' }
    for (let n = 0; n < 5; n += 1) {
      await expect(keySets.get(host.url('/keys'))).rejects.toMatchObject({ code: 'NO_KEY_SET' })
    }
    expect(hits('/keys')).toBe(1)
    keysAnswer = { status: 200, text: keySet }
    nowMs += 11_000
    expect((await keySets.get(host.url('/keys'))).text).toBe(keySet)
  })
})
