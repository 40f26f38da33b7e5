import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { RedisClient } from '../../src/replay.ts'

interface Connection {
  readonly socket: Socket
  readonly send: (command: readonly string[]) => Promise<string | null>
}

/** As much of the wire protocol as the store needs; no driver is a dependency here. */
async function openConnection(port: number): Promise<Connection> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const waiting: PromiseWithResolvers<string | null>[] = []
  socket.on('error', () => undefined)
  socket.once('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('the connection is lost'))
  })
  createInterface(socket).on('line', (line) => {
    if (line.startsWith('-')) waiting.shift()?.reject(new Error(line.slice(1)))
    else waiting.shift()?.resolve(line.startsWith('$-1') ? null : line.slice(1))
  })
  return {
    socket,
    send: (command) => {
      const words = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
      const answer = Promise.withResolvers<string | null>()
      waiting.push(answer)
      socket.write(`*${command.length}\r\n${words.join('')}`)
      return answer.promise
    },
  }
}

/** A client that opens a connection again when it was lost. */
export function redisClient(port: number): RedisClient & Disposable {
  let current: Promise<Connection> | undefined
  return {
    sendCommand: async (command) => {
      current ??= openConnection(port)
      const mine = current
      try {
        return await (await mine).send(command)
      } catch (error) {
        if (current === mine) current = undefined
        throw error
      }
    },
    [Symbol.dispose]: () =>
      void current?.then(
        ({ socket }) => socket.destroy(),
        () => undefined,
      ),
  }
}
