import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { describe, expect, test, vi } from 'vitest'
import { ask, open, readAll, testListener, testRelay, tunnel } from './support.ts'

const localhost = { allowPrivate: ['localhost'] }

describe('the byte pipe', () => {
  test('carries bytes both ways after OK', async () => {
    await using listener = await testListener()
    await using relay = await testRelay(localhost)
    const socket = await tunnel(relay, `localhost:${listener.port}`)
    socket.end('hello')
    expect(await readAll(socket)).toBe('hello')
    expect(relay.records).toMatchObject([
      { target: `localhost:${listener.port}`, outcome: 'closed', bytesUp: 5, bytesDown: 5 },
    ])
  })

  test('passes on bytes that came together with the request line', async () => {
    await using listener = await testListener()
    await using relay = await testRelay(localhost)
    const socket = open(relay)
    socket.end(`CONNECT localhost:${listener.port}\nearly\nbytes`)
    expect(await readAll(socket)).toBe('OK\nearly\nbytes')
  })

  test('understands a request line that comes byte by byte', async () => {
    await using listener = await testListener()
    await using relay = await testRelay(localhost)
    const socket = open(relay)
    const answer = readAll(socket)
    for (const byte of `CONNECT localhost:${listener.port}\nhi`) {
      await new Promise<void>((resolve) => socket.write(byte, () => setImmediate(resolve)))
    }
    socket.end()
    expect(await answer).toBe('OK\nhi')
  })

  test('keeps every byte of a large transfer and holds back the faster side', async () => {
    const payload = randomBytes(32 * 1024 * 1024)
    await using listener = await testListener('127.0.0.1', (socket) => socket.end(payload))
    await using relay = await testRelay(localhost)
    const before = process.memoryUsage().arrayBuffers
    const socket = await tunnelPaused(relay, listener.port)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024)
    const hash = createHash('sha256')
    socket.on('data', (chunk: Uint8Array) => hash.update(chunk))
    socket.once('end', () => socket.end())
    await once(socket, 'close')
    expect(hash.digest('hex')).toBe(createHash('sha256').update(payload).digest('hex'))
  })

  test('passes on the end of one direction while the other goes on', async () => {
    await using listener = await testListener('127.0.0.1', (socket) => {
      const chunks: Uint8Array[] = []
      socket.on('data', (chunk: Uint8Array) => chunks.push(chunk))
      socket.once('end', () => socket.end(`got ${Buffer.concat(chunks).toString('latin1')}`))
    })
    await using relay = await testRelay(localhost)
    const socket = await tunnel(relay, `localhost:${listener.port}`)
    socket.end('question')
    expect(await readAll(socket)).toBe('got question')
  })

  test('closes the client when the upstream resets, after delivering what had arrived', async () => {
    await using listener = await testListener('127.0.0.1', (socket) => {
      socket.once('data', () =>
        socket.write('partial', () => setTimeout(() => socket.resetAndDestroy(), 50)),
      )
    })
    await using relay = await testRelay(localhost)
    const socket = await tunnel(relay, `localhost:${listener.port}`)
    socket.write('go')
    socket.once('end', () => socket.end())
    expect(await readAll(socket)).toBe('partial')
    await vi.waitFor(() => expect(relay.records).toMatchObject([{ outcome: 'upstream-gone' }]))
  })

  test('resets the upstream when the client goes away in the middle', async () => {
    const lost = Promise.withResolvers<Error | undefined>()
    await using listener = await testListener('127.0.0.1', (socket) => {
      socket.once('error', lost.resolve)
      const fill = (): void => void (socket.destroyed || socket.write(Buffer.alloc(65_536), fill))
      fill()
    })
    await using relay = await testRelay(localhost)
    const socket = await tunnelPaused(relay, listener.port)
    socket.destroy()
    expect(await lost.promise).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
    await vi.waitFor(() => expect(relay.records).toMatchObject([{ outcome: 'client-gone' }]))
  })

  test('its socket is for the owner and the group only', async () => {
    await using relay = await testRelay({})
    expect((await stat(relay.socket)).mode & 0o777).toBe(0o660)
  })
})

describe('refusals', () => {
  test('a host that no rule allows is DENIED_BY_POLICY and never connected to', async () => {
    await using listener = await testListener()
    await using relay = await testRelay({ allow: ['api.example'], allowPrivate: ['localhost:1'] })
    expect(await ask(relay, `CONNECT localhost:${listener.port}\n`)).toBe('ERR DENIED_BY_POLICY\n')
    expect(await ask(relay, `CONNECT evil.example:443\n`)).toBe('ERR DENIED_BY_POLICY\n')
    expect(listener.connections).toBe(0)
  })

  test.each([
    'localhost',
    'LOCALHOST.',
    'deep.localhost',
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '１２７.0.0.1',
    '0',
    '0.0.0.0',
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[::ffff:0:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
  ])('%s with every host allowed is NON_PUBLIC_ADDRESS and never connected to', async (host) => {
    await using listener = await testListener('::')
    await using relay = await testRelay({ allow: ['*'] })
    expect(await ask(relay, `CONNECT ${host}:${listener.port}\n`)).toBe('ERR NON_PUBLIC_ADDRESS\n')
    expect(listener.connections).toBe(0)
  })

  test('allowing one name does not allow its address, nor another name with that address', async () => {
    await using listener = await testListener()
    await using relay = await testRelay({ allow: ['*'], allowPrivate: ['localhost'] })
    for (const host of ['127.0.0.1', 'other.localhost', '[::ffff:127.0.0.1]']) {
      const answer = await ask(relay, `CONNECT ${host}:${listener.port}\n`)
      expect(answer, host).toBe('ERR NON_PUBLIC_ADDRESS\n')
    }
    expect(listener.connections).toBe(0)
  })

  test('a closed port is CONNECT_FAILED', async () => {
    const listener = await testListener()
    await listener[Symbol.asyncDispose]()
    await using relay = await testRelay(localhost)
    expect(await ask(relay, `CONNECT localhost:${listener.port}\n`)).toBe('ERR CONNECT_FAILED\n')
    expect(relay.records).toMatchObject([{ outcome: 'CONNECT_FAILED', reason: 'ECONNREFUSED' }])
  })

  test.each([
    '\n',
    'CONNECT\n',
    'CONNECT \n',
    'CONNECT localhost\n',
    'CONNECT localhost:443\r\n',
    'CONNECT localhost:443 HTTP/1.1\r\n\r\n',
    'CONNECT  localhost:443\n',
    'connect localhost:443\n',
    'GET / HTTP/1.1\r\n\r\n',
    'CONNECT user@localhost:443\n',
    'CONNECT localhost%00:443\n',
    'CONNECT local\u0000host:443\n',
    'CONNECT [localhost]:443\n',
    'CONNECT [fe80::1%eth0]:443\n',
    '\uFEFFCONNECT localhost:443\n',
  ])('%j is BAD_REQUEST', async (line) => {
    await using relay = await testRelay(localhost)
    expect(await ask(relay, line)).toBe('ERR BAD_REQUEST\n')
    expect(relay.records[0]).not.toHaveProperty('target')
  })

  test('bytes that are not UTF-8 are BAD_REQUEST', async () => {
    await using relay = await testRelay(localhost)
    const socket = open(relay)
    socket.end(Buffer.from('CONNECT loc\xe9lhost:443\n', 'latin1'))
    expect(await readAll(socket)).toBe('ERR BAD_REQUEST\n')
  })

  test('what a client says is never repeated in a record', async () => {
    await using relay = await testRelay({})
    await ask(relay, 'CONNECT secret-canary@host:443\n')
    expect(JSON.stringify(relay.records)).not.toContain('canary')
  })
})

async function tunnelPaused(
  relay: { readonly socket: string },
  port: number,
): Promise<ReturnType<typeof open>> {
  const socket = open(relay)
  socket.write(`CONNECT localhost:${port}\n`)
  await once(socket, 'readable')
  expect(String(socket.read(3))).toBe('OK\n')
  return socket
}
