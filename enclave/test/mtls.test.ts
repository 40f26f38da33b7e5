/** Client certificates against real TLS servers that demand one. */
import { generateKeyPairSync } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAuthority } from '../../test/helpers/tls.ts'
import { explainSilentRefusal } from '../src/first-answer.ts'
import { UpstreamClients } from '../src/upstream-clients.ts'
import { requestFailure, tlsFailure } from '../src/upstream-errors.ts'
import { handle, type Rig, type SealInput, startRig } from './helpers/rig.ts'

const authority = createAuthority('Client authority')
const dayMs = 86_400_000
const mtls = { kind: 'mtls' } as const

const issue = (name: string, options = {}, issuer = authority) => {
  const { certPem, keyPem } = issuer.issue([name], { usage: 'client', ...options })
  return { certificate: certPem, private_key: keyPem }
}

let rig: Rig
let old: Rig

beforeAll(async () => {
  const clientCaPem = authority.caPem
  rig = await startRig({ clientCaPem })
  old = await startRig({ clientCaPem, maxTls: 'TLSv1.2' })
})
afterAll(async () => {
  await rig.close()
  await old.close()
})

const nameOf = (request: IncomingMessage): string =>
  String((request.socket as TLSSocket).getPeerCertificate().subject?.CN)

beforeEach(() => {
  for (const { upstream } of [rig, old]) {
    upstream.handler = (request, response) =>
      response.end(`${nameOf(request)} ${request.headers.authorization ?? ''}`)
  }
})

/** Node's server closes the connection without an alert. */
const refused = {
  code: 'DOWNSTREAM_TLS_ERROR',
  message: expect.stringContaining('asked for a client certificate') as string,
}

const otherHandle = handle.replace('A-test', 'B-test') as typeof handle

describe('a client certificate', () => {
  it.each([
    ['TLS 1.3', () => rig],
    ['TLS 1.2', () => old],
  ])('proves the client with %s', async (_version, get) => {
    const one = get()
    const record = await one.store({ credential: mtls, secrets: issue('client-one') })
    const { body } = await one.call({ record, context: one.context })
    expect(body.toString()).toBe('client-one ')
  })

  it('goes together with a token', async () => {
    const record = await rig.store({
      credential: {
        ...mtls,
        fields: ['token'],
        inject: [{ in: 'header', name: 'Authorization', template: 'Bearer {token}' }],
      },
      secrets: { ...issue('client-two'), token: 'the-token' },
    })
    const { body } = await rig.call({ record, context: rig.context })
    expect(body.toString()).toBe('client-two Bearer [redacted by holdfast]')
  })

  it('keeps its connections to itself, and between calls', async () => {
    const context = { ...rig.context, handle: otherHandle }
    const a = await rig.store({ credential: mtls, secrets: issue('client-a') })
    const b = await rig.store({ credential: mtls, secrets: issue('client-b'), context })
    const before = rig.upstream.connections()
    const names = []
    for (let round = 0; round < 3; round++) {
      names.push((await rig.call({ record: a, context: rig.context })).body.toString())
      names.push((await rig.call({ record: b, context })).body.toString())
    }
    expect(names).toEqual(Array.from({ length: 3 }, () => ['client-a ', 'client-b ']).flat())
    expect(rig.upstream.connections()).toBe(before + 2)
  })

  it('is not used by a credential without one, at the same host', async () => {
    const a = await rig.store({ credential: mtls, secrets: issue('client-a') })
    await rig.call({ record: a, context: rig.context })
    const bearer = await rig.store({
      credential: { kind: 'bearer' },
      secrets: { token: 'token-1' },
    })
    const call = { record: bearer, context: rig.context }
    await expect(rig.call(call)).rejects.toMatchObject(refused)
    // Cut off while it is being sent, which the socket tells in another way.
    const body = Buffer.alloc(4_000_000, 'x')
    await expect(rig.call({ ...call, method: 'POST', body })).rejects.toMatchObject(refused)
  })

  it('is another one after the connection was sealed again, and gets a new connection after a rewrap', async () => {
    const { context } = rig
    const a = await rig.store({ credential: mtls, secrets: issue('before') })
    await rig.call({ record: a, context })
    const next = { ...context, version: 2 }
    const b = await rig.store({ credential: mtls, secrets: issue('after'), context: next })
    expect((await rig.call({ record: b, context: next })).body.toString()).toBe('after ')
    const before = rig.upstream.connections()
    const head = { context: next, policy: next.policy, version: 3 }
    const c = await (await rig.client.request('rewrap', head, b)).bytes(100_000)
    await rig.call({ record: c, context: { ...next, version: 3 } })
    expect(rig.upstream.connections()).toBe(before + 1)
  })

  it('of an authority that the upstream does not know is its fault', async () => {
    const stranger = issue('stranger', {}, createAuthority())
    for (const one of [rig, old]) {
      const record = await one.store({ credential: mtls, secrets: stranger })
      await expect(one.call({ record, context: one.context })).rejects.toMatchObject({
        code: refused.code,
      })
    }
  })

  it('that a server asks for explains a connection that it ends in silence', async () => {
    const cut = (request: IncomingMessage): void => void request.socket.destroy()
    const one = await startRig({ clientCaPem: authority.caPem })
    try {
      one.upstream.handler = cut
      const record = await one.store({ credential: mtls, secrets: issue('client-one') })
      const { context } = one
      await expect(one.call({ record, context })).rejects.toMatchObject(refused)
      one.upstream.handler = (_request, response) => response.end('hello')
      await one.call({ record, context })
      one.upstream.handler = cut
      // It was accepted on this connection before.
      await expect(one.call({ record, context })).rejects.toMatchObject({
        code: 'DOWNSTREAM_UNREACHABLE',
      })
    } finally {
      await one.close()
    }
  })

  it('is no explanation where the server asks for none', async () => {
    const one = await startRig()
    try {
      one.upstream.handler = (request) => request.socket.destroy()
      const record = await one.store({ credential: mtls, secrets: issue('client-one') })
      await expect(one.call({ record, context: one.context })).rejects.toMatchObject({
        code: 'DOWNSTREAM_UNREACHABLE',
      })
    } finally {
      await one.close()
    }
  })

  it('that is offered explains an end in the handshake', () => {
    expect(tlsFailure(undefined, true)).toMatchObject({ code: 'DOWNSTREAM_TLS_ERROR' })
    expect(tlsFailure(undefined)).toMatchObject({ code: 'DOWNSTREAM_UNREACHABLE' })
  })

  it('appears nowhere in an answer as a key, and needs no search for it', async () => {
    const secrets = issue('client-one')
    const record = await rig.store({ credential: mtls, secrets })
    await rig.call({ record, context: rig.context })
    expect(rig.upstream.wire().includes(secrets.private_key.slice(28, 60))).toBe(false)
  })
})

describe('an alert about the certificate', () => {
  it.each([
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
    'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
  ])('%s is a failure of the credential, before and after the handshake', (code) => {
    const alert = Object.assign(new Error('alert'), { code })
    expect(tlsFailure(alert)).toMatchObject({ code: 'DOWNSTREAM_AUTH_FAILURE' })
    expect(requestFailure(alert)).toMatchObject({ code: 'DOWNSTREAM_AUTH_FAILURE' })
  })

  it('is not forgotten over a write that fails after it', () => {
    const errorOf = (code: string): Error => Object.assign(new Error(code), { code })
    const socket = new EventEmitter()
    const asked = { getSharedSigalgs: () => ['ECDSA+SHA256'] }
    explainSilentRefusal(Object.assign(socket, asked) as unknown as TLSSocket)
    const failed = errorOf('EPIPE')
    socket.emit('error', errorOf('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'))
    socket.emit('error', failed)
    expect(requestFailure(failed)).toMatchObject({ code: 'DOWNSTREAM_TLS_ERROR' })
  })
})

describe('upload refuses', () => {
  const good = issue('client')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const cipher = { cipher: 'aes-256-cbc', passphrase: 'pass' }
  const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher })
  it.each<[string, SealInput['secrets'], RegExp]>([
    ['a certificate that is none', { ...good, certificate: 'x' }, /certificate is not PEM/],
    ['a key that is none', { ...good, private_key: 'x' }, /private key is not PEM/],
    ['both swapped', { certificate: good.private_key, private_key: good.certificate }, /not PEM/],
    ['a key of another', { ...good, private_key: issue('x').private_key }, /does not belong/],
    ['an encrypted key', { ...good, private_key: encrypted }, /openssl pkey/],
    ['an expired one', issue('x', { untilMs: Date.now() - dayMs }), /expired on 20\d\d-/],
    [
      'one of tomorrow',
      issue('x', { fromMs: Date.now() + dayMs, untilMs: Date.now() + 2 * dayMs }),
      /only from 20\d\d-/,
    ],
  ])('%s', async (_what, secrets, message) => {
    await expect(rig.store({ credential: mtls, secrets })).rejects.toMatchObject({
      code: 'INVALID_ENVELOPE',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('connections of many certificates', () => {
  const pem = (name: string) => {
    const { certificate, private_key } = issue(name)
    return { certificate: Buffer.from(certificate), privateKey: Buffer.from(private_key) }
  }
  const clients = (options = {}) =>
    new UpstreamClients({ connector: { relaySocket: '/nowhere' }, agent: {}, ...options })
  const identity = (name: string) => ({ handle: name, record: Buffer.from(name) })

  it('are bounded: those not in use give way, those in use do not', async () => {
    const few = clients({ maxClients: 2 })
    try {
      const a = few.lease(identity('a'), pem('a'))
      const b = few.lease(identity('b'), pem('b'))
      expect(() => few.lease(identity('c'), pem('c'))).toThrow(
        expect.objectContaining({ code: 'DOWNSTREAM_RATE_LIMITED' }) as Error,
      )
      a.release()
      few.lease(identity('c'), pem('c'))
      expect(a.agent.closed).toBe(true)
      expect(b.agent.closed).toBe(false)
      b.release()
      expect(few.lease(identity('b'), pem('b')).agent).toBe(b.agent)
    } finally {
      await few.close()
    }
  })

  it('end when nobody used them for a while', async () => {
    const some = clients({ idleMs: 1 })
    const a = some.lease(identity('a'), pem('a'))
    a.release()
    await expect.poll(() => a.agent.closed).toBe(true)
    await some.close()
  })

  it('are not leased with a certificate that expired meanwhile', async () => {
    const some = clients()
    const { certificate, private_key } = issue('x', { untilMs: Date.now() - dayMs })
    const expired = {
      certificate: Buffer.from(certificate),
      privateKey: Buffer.from(private_key),
    }
    expect(() => some.lease(identity('a'), expired)).toThrow(
      expect.objectContaining({ code: 'DOWNSTREAM_AUTH_FAILURE' }) as Error,
    )
    await some.close()
  })
})
