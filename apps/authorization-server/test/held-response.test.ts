/** No answer overtakes the disk, whatever kind of answer it is. */
import { once } from 'node:events'
import { createServer, request, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextRound } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { type AnswerGate, createHeldResponse } from '../src/http/held-response.ts'
import { startEnclaveDouble } from './helpers/enclave-double.ts'
import { bound, callDispatch, makeUser, startVaultApp } from './helpers/vault-app.ts'

/** A disk that has everything, until a test takes that away. */
function createDisk() {
  let reached: PromiseWithResolvers<void> | undefined
  const asked = { count: 0 }
  const gate: AnswerGate = () => {
    asked.count += 1
    return reached?.promise
  }
  return {
    gate,
    /** From now on something is not on disk. */
    lag() {
      reached = Promise.withResolvers()
      reached.promise.catch(() => undefined)
    },
    catchUp() {
      reached?.resolve()
      reached = undefined
    },
    fail: (error: Error) => reached?.reject(error),
    /** Resolves when the next answer has asked. */
    async isAsked() {
      for (const before = asked.count; asked.count === before;) await nextRound()
      await nextRound()
    },
  }
}

async function listen(gate: AnswerGate, listener: RequestListener): Promise<number> {
  const server = createServer({ ServerResponse: createHeldResponse(gate) }, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.close().closeAllConnections())
  return (server.address() as AddressInfo).port
}

/** Sends a GET and tells what arrived of the answer so far. */
function get(port: number) {
  const got = { status: 0, text: '', ended: false, broken: false }
  const sent = request({ port, host: '127.0.0.1' }, (response) => {
    got.status = response.statusCode ?? 0
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => (got.text += chunk))
    response.on('end', () => (got.ended = true))
    response.on('error', () => (got.broken = true))
  })
  sent.on('error', () => (got.broken = true))
  sent.end()
  return got
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextRound()
}

test('an answer that only reads leaves when what it may have read is on disk, and at once when it is', async () => {
  const disk = createDisk()
  const port = await listen(disk.gate, (_, response) => void response.writeHead(201).end('read'))
  const free = get(port)
  await until(() => free.ended)
  disk.lag()
  const asked = disk.isAsked()
  const held = get(port)
  await asked
  expect(held).toMatchObject({ status: 0, text: '', ended: false })
  disk.catchUp()
  await until(() => held.ended)
  expect(held).toMatchObject({ status: 201, text: 'read' })
})

test('the parts of an answer keep their order, also those that have nothing to wait for', async () => {
  const disk = createDisk()
  const port = await listen(disk.gate, (_, response) => {
    disk.lag()
    response.flushHeaders()
    response.write('a')
    disk.catchUp()
    response.write('b')
    response.end('c')
  })
  const got = get(port)
  await until(() => got.ended)
  expect(got).toMatchObject({ status: 200, text: 'abc' })
})

test('an answer that is held is given: nothing is added to it, and none takes its place', async () => {
  const disk = createDisk()
  const seen: unknown[] = []
  const port = await listen(disk.gate, (_, response) => {
    disk.lag()
    response.statusCode = 303
    response.end('first')
    seen.push(response.writableEnded, response.headersSent)
    expect(() => response.setHeader('Content-Length', 3)).toThrow('after they are sent')
    response.statusCode = 500
    response.end('second')
  })
  const asked = disk.isAsked()
  const got = get(port)
  await asked
  disk.catchUp()
  await until(() => got.ended)
  expect(seen).toEqual([true, true])
  expect(got).toMatchObject({ status: 303, text: 'first', broken: false })
})

test('when the disk fails the connection ends without a byte of the answer', async () => {
  const disk = createDisk()
  const port = await listen(disk.gate, (_, response) => void response.end('never'))
  disk.lag()
  const asked = disk.isAsked()
  const got = get(port)
  await asked
  disk.fail(new Error('EIO'))
  await until(() => got.broken)
  expect([got.status, got.text]).toEqual([0, ''])
})

test('every way in which the server answers waits for the disk', async () => {
  await using enclave = await startEnclaveDouble()
  await using app = await startVaultApp({ enclaveSocket: enclave.socket })
  const { storage } = app.context
  const ada = await makeUser(app, 'ada')
  const caller = await bound(app, {
    sub: ada.id,
    aud: `${app.issuer}/dispatch`,
    scope: 'dispatch',
  })
  const disk = createDisk()
  const really = storage.durable.bind(storage)
  storage.durable = () => disk.gate() ?? really()

  const ask = (method: string, path: string) => fetch(`${app.issuer}${path}`, { method })
  const calls: Record<string, () => Promise<{ status: number }>> = {
    'a key set': () => ask('GET', '/.well-known/jwks.json'),
    metadata: () => ask('GET', '/.well-known/oauth-authorization-server'),
    'a refused token request': () => ask('POST', '/oauth2/token'),
    'a page': () => ask('GET', '/setup'),
    'an unknown path': () => ask('GET', '/nothing'),
    'a health check': () => ask('GET', '/healthz'),
    'the management API': () => ask('GET', '/v1/connections'),
    'a dispatch without a token': () => ask('POST', '/dispatch'),
    'a dispatch by another method': () => ask('GET', '/dispatch'),
    'a dispatch': () => callDispatch(app, caller, { connection_handle: 'x', request: {} }),
  }
  const quick = await echo()
  for (const [name, call] of Object.entries(calls)) {
    disk.lag()
    const asked = disk.isAsked()
    let answered = false
    const answer = call().finally(() => (answered = true))
    await asked
    // Long enough for an answer on loopback that is not held.
    await fetch(quick)
    expect(answered, name).toBe(false)
    disk.catchUp()
    expect((await answer).status, name).toBeGreaterThan(0)
  }
})

/** A server that answers at once. */
async function echo(): Promise<string> {
  const server = createServer((_, response) => void response.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
