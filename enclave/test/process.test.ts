import { readFileSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seal, utf8, verifyKeySet } from '@holdfast/protocol'
import { type ChannelClient, createChannelClient } from '@holdfast/protocol/channel'
import { enclaveStatusSchema } from '@holdfast/protocol/enclave'
import { VERSION } from '../src/version.ts'
import { copiesInMemory } from './helpers/memory.ts'
import { type EnclaveProcess, type KeyDelivery, startProcess } from './helpers/process.ts'
import { startRelay } from './helpers/relay.ts'
import { contextFor, uploadNonce } from './helpers/rig.ts'
import { startUpstream } from './helpers/upstream.ts'

let folder: string
let rootKey: Buffer
const running: EnclaveProcess[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enclave-main-'))
  rootKey = randomBytes(32)
})
afterEach(async () => {
  for (const { child, exited } of running.splice(0)) {
    child.kill('SIGKILL')
    await exited
  }
  await rm(folder, { recursive: true })
})

const configFor = (part: object = {}): object => ({
  socket: join(folder, 'enclave.sock'),
  relaySocket: join(folder, 'relay.sock'),
  floor: 'none',
  maxBodyBytes: 1_000_000,
  attackTargets: { supervisorPid: process.pid },
  ...part,
})

function start(config: unknown = configFor(), key: KeyDelivery = rootKey): EnclaveProcess {
  const enclave = startProcess({ statePath: join(folder, 'state'), config, key })
  running.push(enclave)
  return enclave
}

const open = (): ChannelClient => createChannelClient(connect(join(folder, 'enclave.sock')))

describe('enclave process', () => {
  it('becomes ready, answers, and ends cleanly when stdin does; the next start has the same keys', async () => {
    const first = start()
    expect(await first.event('ready')).toMatchObject({
      process: 'enclave',
      version: VERSION,
      keys: { storageKeyVersion: 1 },
    })
    expect((await stat(join(folder, 'enclave.sock'))).mode & 0o777).toBe(0o660)
    const client = open()
    const { head: status } = await client.request('status', {})
    expect(enclaveStatusSchema.parse(status)).toMatchObject({ version: VERSION })
    const { head: before } = await client.request('keys', {})
    const { head: signed } = await client.request('signHead', {
      seq: 9,
      hash: 'a'.repeat(64),
      time: 't',
    })
    first.child.stdin?.end()
    expect(await first.exited).toBe(0)
    await client.closed
    const second = start()
    await second.event('ready')
    const again = open()
    const { head: after } = await again.request('keys', {})
    expect(after.key_set.identity).toBe(before.key_set.identity)
    expect(after.enc_jwks).toEqual(before.enc_jwks)
    expect((await again.request('latestHead', {})).head.head).toEqual(signed)
    again.close()
  })

  it('keeps what it remembered when it is killed', async () => {
    const first = start()
    await first.event('ready')
    const client = open()
    const { head: keys } = await client.request('rotateSealingKey', {})
    first.child.kill('SIGKILL')
    await first.exited
    await start().event('ready')
    const again = open()
    expect((await again.request('keys', {})).head.key_set.keys.map(({ kid }) => kid)).toEqual(
      keys.key_set.keys.map(({ kid }) => kid),
    )
    again.close()
  })

  it.each<[string, () => unknown]>([
    ['no JSON', () => 'nonsense'],
    ['a missing field', () => configFor({ socket: undefined })],
    ['an unknown field', () => configFor({ surprise: 1 })],
    ['a floor that was not reached', () => configFor({ floor: 'hardware' })],
  ])('refuses to start with %s', async (_what, config) => {
    const enclave = start(config())
    expect(await enclave.exited).toBe(78)
    expect(enclave.lines.at(-1)).toContain('"event":"refused"')
  })

  it.each<[string, KeyDelivery]>([
    ['no key', 'refuse'],
    [
      'a level below the floor',
      { raw: Buffer.concat([Buffer.from('{"level":"none","outside":[]}\n'), Buffer.alloc(32)]) },
    ],
  ])('refuses to start when the supervisor hands over %s', async (_what, key) => {
    const enclave = start(configFor({ floor: 'process' }), key)
    expect(await enclave.exited).toBe(78)
  })

  it.each<[string, KeyDelivery]>([
    ['a short key', new Uint8Array(31)],
    ['a long key', new Uint8Array(33)],
    ['a key without a verdict', { raw: new Uint8Array(32) }],
  ])('ends when the supervisor hands over %s', async (_what, key) => {
    expect(await start(configFor(), key).exited).toBe(1)
  })

  it('refuses to start on the state of another root key', async () => {
    const first = start()
    await first.event('ready')
    first.child.stdin?.end()
    await first.exited
    const second = start(configFor(), randomBytes(32))
    expect(await second.exited).toBe(78)
    expect(second.lines.at(-1)).toContain('does not open with this root key')
  })

  it('carries the version of its package', () => {
    const manifest = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
    ) as { version: string }
    expect(VERSION).toBe(manifest.version)
  })
})

describe('after 200 dispatches of one secret', () => {
  it('no log line holds it, and the process memory hardly does', async () => {
    const secret = `canary-${randomBytes(20).toString('hex')}`
    const upstream = await startUpstream()
    upstream.handler = (request, response) => {
      if (request.url === '/broken') request.socket.destroy()
      else
        response.end(
          JSON.stringify({ authorized: request.headers.authorization === `Bearer ${secret}` }),
        )
    }
    const relay = await startRelay(join(folder, 'relay.sock'), [upstream.authority])
    const enclave = start(configFor({ extraCaPem: upstream.caPem }))
    await enclave.event('ready')
    const client = open()
    const context = contextFor(upstream.authority)
    const { head: keys } = await client.request('keys', {})
    const { key } = await verifyKeySet(keys.key_set, { nowSeconds: Math.floor(Date.now() / 1000) })
    const { handle, owner, provider, allowed_hosts } = context
    const box = await seal(key, {
      header: {
        credential: { kind: 'bearer' },
        base_url: `https://${upstream.authority}`,
        binding: {
          handle,
          owner,
          provider,
          allowed_hosts,
          upload_nonce: uploadNonce,
          created_at: 0,
          pins: {},
        },
      },
      secrets: { token: utf8(secret) },
    })
    const stored = await client.request(
      'ingest',
      { form: 'sealed-box', kid: box.kid, upload_nonce: uploadNonce, context, base_url: '' },
      box.sealed,
    )
    const record = await stored.bytes(10_000)
    const call = async (path: string): Promise<string> => {
      const reply = await client.request(
        'dispatch',
        {
          context,
          record_bytes: record.length,
          request: { method: 'GET', path, headers: {}, has_body: false },
          caller: { sub: 'u', resource: 'r', client_id: 'c', dispatch_url: 'https://x' },
          timeout_ms: 10_000,
          max_response_bytes: 1000,
        },
        record,
      )
      return Buffer.from(await reply.bytes(1000)).toString()
    }
    const failures: string[] = []
    for (let index = 0; index < 200; index++) {
      expect(await call('/ok')).toBe('{"authorized":true}')
      if (index % 20 === 0)
        await call('/broken').catch((error: unknown) => failures.push(String(error)))
    }
    expect(failures).toHaveLength(10)
    expect(enclave.lines.join('\n') + failures.join('\n')).not.toContain(secret)
    if (process.platform === 'linux') {
      expect(copiesInMemory(enclave.child.pid ?? 0, Buffer.from(secret))).toBeLessThanOrEqual(10)
    }
    client.close()
    await relay.stop()
    await upstream.close()
  })
})
