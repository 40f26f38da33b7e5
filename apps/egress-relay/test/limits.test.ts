import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { ask, open, readAll, testDns, testListener, testRelay, tunnel } from './support.ts'

const localhost = { allowPrivate: ['localhost'] }

describe('limits', () => {
  test('connections above the cap are TOO_MANY, and a place that becomes free is used again', async () => {
    await using listener = await testListener()
    await using relay = await testRelay({ ...localhost, limits: { maxConnections: 2 } })
    const first = await tunnel(relay, `localhost:${listener.port}`)
    const waiting = open(relay)
    await once(waiting, 'connect')
    expect(await ask(relay, `CONNECT localhost:${listener.port}\n`)).toBe('ERR TOO_MANY\n')
    expect(listener.connections).toBe(1)
    first.end()
    first.resume()
    await once(first, 'close')
    await vi.waitFor(async () => (await tunnel(relay, `localhost:${listener.port}`)).destroy())
    waiting.destroy()
  })

  test('a request line over the cap is BAD_REQUEST without waiting for its end', async () => {
    await using relay = await testRelay({ ...localhost, limits: { maxLineBytes: 64 } })
    expect(await ask(relay, `CONNECT ${'a'.repeat(100)}`)).toBe('ERR BAD_REQUEST\n')
    expect(await ask(relay, `CONNECT ${'a'.repeat(100)}:443\n`)).toBe('ERR BAD_REQUEST\n')
    expect(await ask(relay, 'x'.repeat(1_000_000))).toBe('ERR BAD_REQUEST\n')
    expect(relay.records.map(({ reason }) => reason)).toEqual(Array(3).fill('line too long'))
  })

  test('the longest name with a port fits the default line', async () => {
    await using relay = await testRelay({})
    const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`
    expect(longest).toHaveLength(253)
    expect(await ask(relay, `CONNECT ${longest}:65535\n`)).toBe('ERR DENIED_BY_POLICY\n')
  })

  test('a request that does not come is TIMEOUT', async () => {
    await using relay = await testRelay({ limits: { requestTimeoutMs: 50 } })
    expect(await ask(relay, '')).toBe('ERR TIMEOUT\n')
    expect(await ask(relay, 'CONNECT localh')).toBe('ERR TIMEOUT\n')
  })

  test('a request that is cut off is BAD_REQUEST', async () => {
    await using relay = await testRelay({})
    const socket = open(relay)
    socket.end('CONNECT localhost:44')
    expect(await readAll(socket)).toBe('ERR BAD_REQUEST\n')
  })

  test('a DNS server that does not answer is TIMEOUT', async () => {
    const silent = createSocket('udp4')
    silent.bind(0, '127.0.0.1')
    await once(silent, 'listening')
    await using relay = await testRelay({
      allow: ['*'],
      dnsServers: [`127.0.0.1:${silent.address().port}`],
      limits: { connectTimeoutMs: 100 },
    })
    expect(await ask(relay, 'CONNECT slow.example:443\n')).toBe('ERR TIMEOUT\n')
    silent.close()
  })

  test('an address that does not answer is TIMEOUT', async () => {
    await using dns = await testDns((type) => (type === 'A' ? ['8.8.4.4'] : []))
    await using relay = await testRelay(
      { allow: ['*'], dnsServers: [dns.server], limits: { connectTimeoutMs: 100 } },
      {
        dial: (_address, _port, signal) =>
          new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          ),
      },
    )
    expect(await ask(relay, 'CONNECT blackhole.example:443\n')).toBe('ERR TIMEOUT\n')
  })

  test('a connection on which nothing happens is closed on both sides', async () => {
    const lost = Promise.withResolvers<unknown>()
    await using listener = await testListener('127.0.0.1', (socket) => {
      socket.once('close', lost.resolve)
      socket.resume()
    })
    await using relay = await testRelay({ ...localhost, limits: { idleTimeoutMs: 100 } })
    const socket = await tunnel(relay, `localhost:${listener.port}`)
    socket.once('end', () => socket.end())
    await readAll(socket)
    await lost.promise
    await vi.waitFor(() => expect(relay.records).toMatchObject([{ outcome: 'idle' }]))
  })

  test('bytes in one direction alone keep a connection alive', async () => {
    await using listener = await testListener('127.0.0.1', (socket) => {
      let sent = 0
      const timer = setInterval(() => {
        sent += 1
        socket.write('.')
        if (sent < 10) return
        clearInterval(timer)
        socket.end('!')
      }, 60)
    })
    await using relay = await testRelay({ ...localhost, limits: { idleTimeoutMs: 400 } })
    const socket = await tunnel(relay, `localhost:${listener.port}`)
    socket.once('end', () => socket.end())
    expect(await readAll(socket)).toBe('..........!')
  })

  test('a client that has gone looks half-open and is given up sooner', async () => {
    await using listener = await testListener('127.0.0.1', (socket) => void socket.resume())
    await using relay = await testRelay({ ...localhost, limits: { halfOpenTimeoutMs: 100 } })
    const socket = await tunnel(relay, `localhost:${listener.port}`)
    socket.destroy()
    await vi.waitFor(() => expect(relay.records).toMatchObject([{ outcome: 'idle' }]), 5000)
  })

  test('a client that never reads does not hold its place once the upstream is done', async () => {
    await using listener = await testListener('127.0.0.1', (socket) => {
      socket.end(Buffer.alloc(2 * 1024 * 1024))
      socket.resume()
    })
    await using relay = await testRelay({ ...localhost, limits: { halfOpenTimeoutMs: 200 } })
    const socket = open(relay)
    socket.end(`CONNECT localhost:${listener.port}\n`)
    await vi.waitFor(() => expect(relay.records).toHaveLength(1), 5000)
    socket.destroy()
  })
})
