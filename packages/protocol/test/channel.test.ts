import { connect, createServer, type Server, type Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type ChannelClient,
  ChannelError,
  type ChannelHandlers,
  type ChannelServer,
  createChannelClient,
  EnclaveError,
  serveChannel,
} from '@holdfast/protocol/channel'
import type { EnclaveErrorCode } from '@holdfast/protocol/enclave'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const refuse = (): never => {
  throw new EnclaveError('INTERNAL', 'not part of this test')
}

const noHandlers: ChannelHandlers = {
  status: refuse,
  keys: refuse,
  ingest: refuse,
  rewrap: refuse,
  dispatch: refuse,
  signHead: refuse,
  latestHead: refuse,
  rotateSealingKey: refuse,
  rotateIdentity: refuse,
  beginAuthorization: refuse,
  completeAuthorization: refuse,
  refresh: refuse,
  revokeTokens: refuse,
}

const latest = { head: { head: null } }

async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'channel-'))
  const path = join(folder, 'c.sock')
  const server: Server = createServer(onSocket)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(path)
  await once(server, 'listening')
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await rm(folder, { recursive: true })
  })
  return path
}

interface Pair {
  client: ChannelClient
  socket: Socket
  server: Promise<ChannelServer>
}

async function pair(
  handlers: Partial<ChannelHandlers>,
  onInternalError?: () => void,
): Promise<Pair> {
  const { promise, resolve } = Promise.withResolvers<ChannelServer>()
  const path = await listen((socket) =>
    resolve(serveChannel(socket, { ...noHandlers, ...handlers }, { onInternalError })),
  )
  const socket = connect(path)
  const client = createChannelClient(socket)
  cleanups.push(() => client.close())
  return { client, socket, server: promise }
}

/** A raw socket that has already greeted, for saying wrong things. */
async function rawPeer(handlers: Partial<ChannelHandlers> = {}): Promise<{
  socket: Socket
  closed: Promise<ChannelError>
}> {
  const { promise, resolve } = Promise.withResolvers<ChannelServer>()
  const path = await listen((socket) =>
    resolve(serveChannel(socket, { ...noHandlers, ...handlers })),
  )
  const socket = connect(path)
  socket.on('error', () => undefined)
  socket.resume()
  socket.write(frame(1, 0, 'holdfast-channel/1'))
  return { socket, closed: promise.then((server) => server.closed) }
}

function frame(type: number, stream: number, payload: string | Uint8Array = ''): Buffer {
  const body = Buffer.from(payload as Uint8Array)
  const header = Buffer.alloc(9)
  header.writeUInt32BE(body.length, 0)
  header[4] = type
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, body])
}

function request(operation: string, head: string, timeoutMs = 5000): Buffer {
  const name = Buffer.from(operation)
  const deadline = Buffer.alloc(4)
  deadline.writeUInt32BE(timeoutMs)
  return Buffer.concat([Buffer.from([name.length]), name, deadline, Buffer.from(head)])
}

/** Credits, as the wire counts them. */
const window = 262_144

const ingestHead = {
  form: 'sealed-box' as const,
  upload_nonce: 'n'.repeat(16),
  base_url: 'https://api.example.com',
  context: {
    handle: 'ddls:conn:x-y' as never,
    owner: 'usr_1',
    provider: 'y',
    allowed_hosts: ['api.example.com'],
    policy: { methods: [], paths: [], resources: [] },
    version: 1,
  },
}
const ingestResult = { kind: 'bearer', base_url: 'https://x', allowed_hosts: ['x'], pins: {} }

const echo: Partial<ChannelHandlers> = {
  ingest: async (_head, { body }) => ({ head: ingestResult, body: await body.bytes(50_000_000) }),
}

describe('channel', () => {
  it('carries a head and a body both ways, of any size', async () => {
    const { client } = await pair(echo)
    for (const size of [0, 1, 255, 65_536, 65_537, 262_144, 262_145, 3_000_001]) {
      const sent = new Uint8Array(size).map((_, index) => (index * 7) % 251)
      const reply = await client.request('ingest', ingestHead, sent)
      expect(reply.head).toEqual(ingestResult)
      expect(Buffer.compare(await reply.bytes(size), sent)).toBe(0)
    }
  })

  it('answers 300 requests at once over one socket, each with its own body', async () => {
    const { client } = await pair(echo)
    const replies = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const reply = await client.request('ingest', ingestHead, Buffer.from(`body ${index}`))
        return Buffer.from(await reply.bytes(100)).toString()
      }),
    )
    expect(replies).toEqual(Array.from({ length: 300 }, (_, index) => `body ${index}`))
  })

  it('streams bodies in both directions without holding them whole', async () => {
    const { client } = await pair({
      ingest: async (_head, { body }) => ({
        head: ingestResult,
        body: (async function* () {
          for await (const chunk of body) yield chunk
        })(),
      }),
    })
    const part = new Uint8Array(100_000).fill(7)
    const reply = await client.request(
      'ingest',
      ingestHead,
      (async function* () {
        for (let index = 0; index < 30; index++) yield part
      })(),
    )
    let total = 0
    for await (const chunk of reply.body) total += chunk.length
    expect(total).toBe(3_000_000)
  })

  it('lets small requests pass a stream that nobody reads', async () => {
    let produced = 0
    const { client } = await pair({
      ...echo,
      keys: async () => ({
        head: {} as never,
        body: (async function* () {
          for (let index = 0; index < 100; index++) {
            produced += 100_000
            yield new Uint8Array(100_000)
          }
        })(),
      }),
    })
    const stalled = await client.request('keys', {})
    const reply = await client.request('ingest', ingestHead, Buffer.from('quick'))
    expect(Buffer.from(await reply.bytes(10)).toString()).toBe('quick')
    expect(produced).toBeLessThanOrEqual(window + 200_000)
    stalled.cancel()
  })

  it('passes refusals on with their code and hides unexpected errors', async () => {
    let internal = 0
    const { client } = await pair(
      {
        status: () => Promise.reject(new EnclaveError('WRONG_KEY', 'sealed for another key')),
        keys: () => Promise.reject(new Error('secret detail')),
      },
      () => internal++,
    )
    await expect(client.request('status', {})).rejects.toMatchObject({
      name: 'EnclaveError',
      code: 'WRONG_KEY' satisfies EnclaveErrorCode,
      message: 'sealed for another key',
    })
    const failure = await client.request('keys', {}).catch((error: unknown) => error)
    // It may have come as far as the upstream: a call that must not run twice is not called retryable.
    expect(failure).toMatchObject({ code: 'INTERNAL', mayHaveRun: true })
    expect(String(failure)).not.toContain('secret detail')
    expect(internal).toBe(1)
  })

  it('reports an error in the middle of an answer to whoever reads it', async () => {
    const { client } = await pair({
      keys: async () => ({
        head: {} as never,
        body: (async function* () {
          yield new Uint8Array(10)
          throw new EnclaveError('DOWNSTREAM_UNREACHABLE', 'the upstream closed early')
        })(),
      }),
    })
    const reply = await client.request('keys', {})
    await expect(reply.bytes(100)).rejects.toMatchObject({ code: 'DOWNSTREAM_UNREACHABLE' })
  })

  it('refuses a head that does not fit the operation, without ending the channel', async () => {
    const { client } = await pair({ latestHead: async () => latest })
    await expect(client.request('signHead', { seq: 0, hash: '', time: '' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: 'the head of signHead is wrong at "seq"',
    })
    await expect(client.request('nonsense' as 'keys', {})).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    await expect(client.request('constructor' as 'keys', {})).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect((await client.request('latestHead', {})).head).toEqual({ head: null })
  })

  it('refuses a body above the reader’s limit', async () => {
    const { client } = await pair({
      ...echo,
      rewrap: async (_head, { body }) => ({ head: {}, body: await body.bytes(10) }),
    })
    const head = { context: ingestHead.context, policy: ingestHead.context.policy, version: 2 }
    await expect(client.request('rewrap', head, new Uint8Array(11))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    const reply = await client.request('ingest', ingestHead, new Uint8Array(11))
    await expect(reply.bytes(10)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' })
  })

  it('cancels by signal: the caller is freed and the handler told', async () => {
    const told = Promise.withResolvers<unknown>()
    const started = Promise.withResolvers<void>()
    const { client } = await pair({
      keys: (_head, { signal }) => {
        started.resolve()
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            told.resolve(signal.aborted)
            reject(new Error('told to stop'))
          }),
        )
      },
    })
    const controller = new AbortController()
    const answer = client.request('keys', {}, undefined, { signal: controller.signal })
    const rejected = expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
    await started.promise
    controller.abort()
    await rejected
    expect(await told.promise).toBe(true)
    const gone = client.request('keys', {}, undefined, { signal: AbortSignal.abort() })
    await expect(gone).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('cancels when a reader stops early, and ends the producer', async () => {
    const ended = Promise.withResolvers<void>()
    const { client } = await pair({
      keys: async () => ({
        head: {} as never,
        body: (async function* () {
          try {
            for (;;) yield new Uint8Array(10_000)
          } finally {
            ended.resolve()
          }
        })(),
      }),
    })
    const reply = await client.request('keys', {})
    for await (const _ of reply.body) break
    await ended.promise
  })

  it('ends a request at its deadline on both sides', async () => {
    const told = Promise.withResolvers<unknown>()
    const { client } = await pair({
      keys: (_head, { signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            told.resolve(signal.aborted)
            reject(new Error('told to stop'))
          }),
        ),
    })
    await expect(client.request('keys', {}, undefined, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    expect(await told.promise).toBe(true)
  })

  it('passes the error of a request body to the caller and cancels the stream', async () => {
    const told = Promise.withResolvers<unknown>()
    const { client } = await pair({
      ingest: async (_head, { body }) => {
        await body.bytes(1000).catch((error: unknown) => {
          told.resolve(error)
          throw error
        })
        return { head: ingestResult }
      },
    })
    const broken = (async function* () {
      yield new Uint8Array(10)
      throw new RangeError('the source broke')
    })()
    await expect(client.request('ingest', ingestHead, broken)).rejects.toThrow('the source broke')
    expect(await told.promise).toMatchObject({ code: 'CANCELLED' })
  })

  it('rejects everything unanswered when the other side goes away', async () => {
    const { client, server } = await pair({ keys: () => new Promise(() => undefined) })
    const answers = Array.from({ length: 200 }, () => client.request('keys', {}))
    const settled = Promise.allSettled(answers)
    await client.ping(5000)
    ;(await server).close()
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'CHANNEL_CLOSED' } })
    }
    expect(client.isClosed).toBe(true)
    expect(await client.closed).toBeInstanceOf(ChannelError)
    await expect(client.request('keys', {})).rejects.toMatchObject({ code: 'CHANNEL_CLOSED' })
    await expect(client.ping(10)).rejects.toMatchObject({ code: 'CHANNEL_CLOSED' })
  })

  it('reports a socket that cannot be reached as closed', async () => {
    const client = createChannelClient(connect('/nonexistent/holdfast.sock'))
    await expect(client.request('keys', {})).rejects.toMatchObject({ code: 'CHANNEL_CLOSED' })
    expect((await client.closed).cause).toMatchObject({ code: 'ENOENT' })
  })

  it('gives up a ping that is not answered', async () => {
    const path = await listen(() => undefined)
    const client = createChannelClient(connect(path))
    cleanups.push(() => client.close())
    await expect(client.ping(30)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('keeps count of streams across the wrap of their numbers', async () => {
    const { socket, closed } = await rawPeer({ latestHead: async () => latest })
    for (const id of [0x7fffffff, 0xffffffff, 1]) {
      socket.write(frame(2, id, request('latestHead', '{}')))
      socket.write(frame(5, id))
    }
    socket.write(frame(2, 0xffffffff, request('latestHead', '{}')))
    expect(await closed).toMatchObject({ message: 'a stream used twice' })
  })
})

describe('channel server against a hostile client', () => {
  const stalled: Partial<ChannelHandlers> = { keys: () => new Promise(() => undefined) }
  const open = frame(2, 1, request('keys', '{}'))
  const cases: Record<string, [Buffer[], string]> = {
    'a length above 1 MiB': [
      [Buffer.from([0x00, 0x10, 0x00, 0x01, 4, 0, 0, 0, 1])],
      'a frame is larger than 1 MiB',
    ],
    'an unknown type': [[frame(77, 1)], 'a frame has an unknown type'],
    'type 0': [[frame(0, 1)], 'a frame has an unknown type'],
    'a second greeting': [[frame(1, 0, 'holdfast-channel/1')], 'a second greeting'],
    'data for a stream that was never opened': [
      [frame(4, 9, 'x')],
      'a frame for a stream that was never opened',
    ],
    'credit for a stream that was never opened': [
      [frame(7, 9, Buffer.alloc(4))],
      'a frame for a stream that was never opened',
    ],
    'a request on stream 0': [[frame(2, 0, request('keys', '{}'))], 'a frame on stream 0'],
    'a request cut short': [[frame(2, 1, Buffer.from([200, 65]))], 'a request frame is cut short'],
    'a head that is not JSON': [
      [frame(2, 1, request('keys', '{secret'))],
      'a frame does not hold the text it should',
    ],
    'an operation that is not UTF-8': [
      [frame(2, 1, Buffer.from([1, 0xff, 0, 0, 0, 0, 0x7b, 0x7d]))],
      'a frame does not hold the text it should',
    ],
    'a stream used twice': [[open, open], 'a stream used twice'],
    'an answer': [[open, frame(3, 1, '{}')], 'a frame that only a server may send'],
    'an empty data frame': [[open, frame(4, 1)], 'an empty data frame'],
    'data after the end': [[open, frame(5, 1), frame(4, 1, 'x')], 'data after the end of a stream'],
    'two ends': [[open, frame(5, 1), frame(5, 1)], 'a second end of a stream'],
    'data beyond the credit': [
      [open, ...Array.from({ length: 5 }, () => frame(4, 1, Buffer.alloc(60_000)))],
      'data beyond the credit',
    ],
    'many tiny data frames': [
      [open, ...Array.from({ length: 1025 }, () => frame(4, 1, 'x'))],
      'data beyond the credit',
    ],
    'credit that was never used': [
      [open, frame(7, 1, Buffer.from([0, 0, 0, 1]))],
      'credit beyond the window',
    ],
    'a large ping': [[frame(9, 0, Buffer.alloc(9))], 'a ping is too large'],
    'too many streams': [
      Array.from({ length: 129 }, (_, index) => frame(2, index + 1, request('keys', '{}'))),
      'too many streams at once',
    ],
    'requests cancelled faster than they stop': [
      Array.from({ length: 513 }, (_, index) => [
        frame(2, index + 1, request('keys', '{}')),
        frame(8, index + 1),
      ]).flat(),
      'too many streams at once',
    ],
  }
  it.each(Object.entries(cases))('closes on %s', async (_name, [frames, message]) => {
    const { socket, closed } = await rawPeer(stalled)
    socket.write(Buffer.concat(frames))
    expect(await closed).toMatchObject({ code: 'PROTOCOL_VIOLATION', message })
  })

  it('closes on a wrong or missing greeting', async () => {
    for (const first of [
      frame(1, 0, 'holdfast-channel/2'),
      open,
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    ]) {
      const server = Promise.withResolvers<ChannelServer>()
      const path = await listen((socket) => server.resolve(serveChannel(socket, noHandlers)))
      const socket = connect(path)
      socket.on('error', () => undefined)
      socket.write(first)
      const { closed } = await server.promise
      expect(await closed).toMatchObject({ code: 'PROTOCOL_VIOLATION' })
    }
  })

  it('tells the client why before it closes', async () => {
    const { socket } = await rawPeer()
    const received: Buffer[] = []
    socket.on('data', (chunk: Buffer) => received.push(chunk))
    socket.write(frame(4, 9, 'x'))
    await once(socket, 'end')
    expect(Buffer.concat(received).toString()).toContain('"code":"PROTOCOL_VIOLATION"')
  })

  it('ignores late frames of a stream that is over', async () => {
    const { socket, closed } = await rawPeer({ latestHead: async () => latest })
    socket.write(frame(2, 5, request('latestHead', '{}')))
    socket.write(frame(5, 5))
    const received: Buffer[] = []
    socket.on('data', (chunk: Buffer) => received.push(chunk))
    await expect.poll(() => Buffer.concat(received).includes(frame(5, 5))).toBe(true)
    socket.write(
      Buffer.concat([frame(4, 5, 'late'), frame(5, 5), frame(7, 5, Buffer.alloc(4)), frame(8, 5)]),
    )
    socket.write(frame(99, 0))
    expect(await closed).toMatchObject({ message: 'a frame has an unknown type' })
  })
})

describe('channel client against a hostile server', () => {
  const cases: Record<string, [Buffer[], string]> = {
    'an answer that nobody asked for': [
      [frame(3, 900, '{}')],
      'a frame for a stream that was never opened',
    ],
    'a body before its head': [[frame(4, 1, 'x')], 'a body before its head'],
    'an end before its head': [[frame(5, 1)], 'a body before its head'],
    'two heads': [[frame(3, 1, '{}'), frame(3, 1, '{}')], 'a second answer'],
    'a head that is not JSON': [
      [frame(3, 1, 'nonsense')],
      'a frame does not hold the text it should',
    ],
    'a request': [[frame(2, 1, request('keys', '{}'))], 'a frame that only a client may send'],
    'data beyond the credit': [
      [frame(3, 1, '{}'), ...Array.from({ length: 5 }, () => frame(4, 1, Buffer.alloc(60_000)))],
      'data beyond the credit',
    ],
    'credit beyond the window': [
      [frame(7, 1, Buffer.from([255, 255, 255, 255]))],
      'credit beyond the window',
    ],
  }
  it.each(Object.entries(cases))('closes on %s', async (_name, [frames, message]) => {
    const path = await listen((socket) => {
      socket.on('error', () => undefined)
      socket.write(frame(1, 0, 'holdfast-channel/1'))
      socket.once('data', () => socket.write(Buffer.concat(frames)))
    })
    const client = createChannelClient(connect(path))
    const answer = client.request('keys', {}).then(
      async (reply) => {
        await client.closed
        return reply.bytes(1_000_000)
      },
      (error: unknown) => Promise.reject(error as Error),
    )
    await expect(answer).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
    expect(await client.closed).toMatchObject({ code: 'PROTOCOL_VIOLATION', message })
  })

  it('turns an unknown failure into INTERNAL', async () => {
    const path = await listen((socket) => {
      socket.write(frame(1, 0, 'holdfast-channel/1'))
      socket.once('data', () => socket.write(frame(6, 1, '{"code":"__proto__","message":"x"}')))
    })
    const client = createChannelClient(connect(path))
    cleanups.push(() => client.close())
    await expect(client.request('keys', {})).rejects.toMatchObject({
      ...{ code: 'INTERNAL', mayHaveRun: true },
    })
  })
})
