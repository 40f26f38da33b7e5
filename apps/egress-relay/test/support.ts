import { createUDPServer, Packet } from 'dns2'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_LIMITS, type Limits, type RelayConfig } from '../src/config.ts'
import type { ConnectionRecord } from '../src/connect.ts'
import { startRelay, type RelayOptions } from '../src/server.ts'

/** A relay of the test's own, on a socket in a folder of its own. */
export interface TestRelay extends AsyncDisposable {
  readonly socket: string
  /** One record per connection that is over, in that order. */
  readonly records: ConnectionRecord[]
}

export async function testRelay(
  settings: Partial<Omit<RelayConfig, 'limits'>> & { limits?: Partial<Limits> },
  options: Partial<RelayOptions> = {},
): Promise<TestRelay> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-'))
  const socket = join(folder, 'relay.sock')
  const records: ConnectionRecord[] = []
  const relay = await startRelay(
    {
      allow: [],
      allowPrivate: [],
      ...settings,
      socket,
      limits: { ...DEFAULT_LIMITS, ...settings.limits },
    },
    { onConnection: (record) => records.push(record), ...options },
  )
  return {
    socket,
    records,
    [Symbol.asyncDispose]: async () => {
      await relay.close(0)
      await rm(folder, { recursive: true })
    },
  }
}

/** A TCP listener that counts who came; by default it echoes. */
export interface TestListener extends AsyncDisposable {
  readonly port: number
  connections: number
}

export async function testListener(
  address = '127.0.0.1',
  serve: (socket: Socket) => void = (socket) => void socket.pipe(socket),
): Promise<TestListener> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    listener.connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, address)
  await once(server, 'listening')
  const listener: TestListener = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    [Symbol.asyncDispose]: () => closeServer(server, sockets),
  }
  return listener
}

/** A DNS server whose every answer the test decides; `asked` holds the questions as `TYPE name`. */
export interface TestDns extends AsyncDisposable {
  /** `ip:port`, as `dnsServers` takes it. */
  readonly server: string
  readonly asked: string[]
}

export async function testDns(
  answer: (type: 'A' | 'AAAA', name: string, nth: number) => readonly string[],
): Promise<TestDns> {
  const asked: string[] = []
  const server = createUDPServer((request, send) => {
    const [question] = request.questions
    const response = Packet.createResponseFromRequest(request)
    if (question !== undefined) {
      const type = question.type === Packet.TYPE.AAAA ? 'AAAA' : 'A'
      const key = `${type} ${question.name}`
      asked.push(key)
      const nth = asked.filter((entry) => entry === key).length
      for (const address of answer(type, question.name, nth)) {
        const { name } = question
        const record = { name, type: Packet.TYPE[type], class: Packet.CLASS.IN, ttl: 0, address }
        response.answers.push(record as unknown as (typeof response.answers)[number])
      }
    }
    void send(response)
  })
  await server.listen(0, '127.0.0.1')
  return {
    server: `127.0.0.1:${server.address().port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** A connection to the relay, as the enclave would open it. */
export function open(relay: Pick<TestRelay, 'socket'>): Socket {
  const socket = connect({ path: relay.socket, allowHalfOpen: true })
  socket.on('error', () => {})
  return socket
}

/** Everything that comes until the end. */
export async function readAll(socket: Socket): Promise<string> {
  const chunks: Uint8Array[] = []
  socket.on('data', (chunk: Uint8Array) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

/** What the relay answers to one request line, when it refuses. */
export async function ask(relay: Pick<TestRelay, 'socket'>, line: string): Promise<string> {
  const socket = open(relay)
  socket.write(line)
  socket.once('end', () => socket.end())
  return readAll(socket)
}

/** Opens a tunnel and waits for its `OK`. */
export async function tunnel(relay: Pick<TestRelay, 'socket'>, authority: string): Promise<Socket> {
  const socket = open(relay)
  socket.write(`CONNECT ${authority}\n`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (answer.toString('latin1') !== 'OK\n') throw new Error(`refused: ${answer.toString('latin1')}`)
  return socket
}

async function closeServer(server: Server, sockets: Iterable<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  const closed = once(server, 'close')
  server.close()
  await closed
}
