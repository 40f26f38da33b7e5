import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer } from 'node:tls'
import { expect, it } from 'vitest'
import { createAuthority } from '../../test/helpers/tls.ts'
import { Upstream } from '../src/upstream.ts'
import { startRelay } from './helpers/relay.ts'

/** A request as this upstream understood it. */
interface Understood {
  readonly head: string
  readonly body: string
}

/** An upstream that, as some do, takes for granted that GET, DELETE and calls of `/hook` have no body. */
async function startCarelessUpstream() {
  const authority = createAuthority()
  const { certPem, keyPem } = authority.issue(['localhost'])
  const understood: Understood[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ cert: certPem, key: keyPem }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (;;) {
        const end = text.indexOf('\r\n\r\n')
        if (end === -1) return
        const head = text.slice(0, end)
        const takesBody = /^(POST|PUT|PATCH) (?!\/hook)/.test(head)
        const length = takesBody ? Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) : 0
        if (text.length < end + 4 + length) return
        understood.push({ head, body: text.slice(end + 4, end + 4 + length) })
        text = text.slice(end + 4 + length)
        const isLast = /connection: close/i.test(head)
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${isLast ? 'connection: close\r\n' : ''}\r\nok`,
        )
        if (isLast) {
          socket.end()
          return
        }
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    caPem: authority.caPem,
    understood,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

it.each(['GET', 'DELETE'] as const)(
  'a body of %s cannot swallow the next call, credential included, into a request of the attacker',
  async (method) => {
    const careless = await startCarelessUpstream()
    const folder = await mkdtemp(join(tmpdir(), 'desync-'))
    const relay = await startRelay(join(folder, 'relay.sock'), [careless.host])
    const upstream = new Upstream({ relaySocket: relay.socket, extraCaPem: careless.caPem })
    const send = async (verb: 'GET' | 'DELETE', headers: Record<string, string>, body?: string) => {
      const response = await upstream.send({
        origin: `https://${careless.host}`,
        method: verb,
        target: '/user',
        headers: new Map(Object.entries(headers)),
        body: body === undefined ? undefined : Buffer.from(body),
        signal: AbortSignal.timeout(5000),
      })
      let text = ''
      for await (const chunk of response.body) text += chunk.toString()
      return text
    }
    try {
      // What follows on this connection becomes the text of a note of the attacker's.
      const smuggled =
        'POST /notes HTTP/1.1\r\nhost: localhost\r\nauthorization: of-the-attacker\r\n' +
        'content-length: 60\r\n\r\n'
      await send(method, { authorization: 'of-the-attacker' }, smuggled)
      // The library offers a connection again only some turns after its answer.
      await delay(50)
      await send('GET', { authorization: 'Bearer key-of-the-victim' }).catch(() => undefined)
      expect(careless.understood.filter(({ body }) => body !== '')).toEqual([])
      expect(careless.understood.at(-1)?.head).toContain('key-of-the-victim')
    } finally {
      await upstream.close()
      await relay.stop()
      careless.close()
      await rm(folder, { recursive: true })
    }
  },
)

it.each(['GET', 'POST'] as const)(
  'a body that an upstream leaves unread cannot swallow the %s of another connection',
  async (next) => {
    const careless = await startCarelessUpstream()
    const folder = await mkdtemp(join(tmpdir(), 'desync-'))
    const relay = await startRelay(join(folder, 'relay.sock'), [careless.host])
    const upstream = new Upstream({ relaySocket: relay.socket, extraCaPem: careless.caPem })
    const send = async (owner: string, method: 'GET' | 'POST', target: string, body?: string) => {
      const response = await upstream.send({
        origin: `https://${careless.host}`,
        method,
        target,
        headers: new Map([['authorization', `Bearer key-of-${owner}`]]),
        body: body === undefined ? undefined : Buffer.from(body),
        signal: AbortSignal.timeout(5000),
        owner,
      })
      for await (const _ of response.body);
    }
    try {
      // What follows on this connection becomes the text of a note of the attacker's.
      const smuggled =
        'POST /notes HTTP/1.1\r\nhost: localhost\r\nauthorization: of-the-attacker\r\n' +
        'content-length: 60\r\n\r\n'
      await send('the-attacker', 'POST', '/hook', smuggled)
      await delay(50)
      await send('the-victim', next, '/user', next === 'POST' ? '{}' : undefined)
      expect(careless.understood.filter(({ body }) => body.includes('/user'))).toEqual([])
      const last = careless.understood.at(-1)?.head
      expect(last).toContain(`${next} /user HTTP/1.1`)
      expect(last).toContain('key-of-the-victim')
    } finally {
      await upstream.close()
      await relay.stop()
      careless.close()
      await rm(folder, { recursive: true })
    }
  },
)
