import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { PostgresClient } from '../../src/replay.ts'

/** A client that opens a connection again when it was lost, as pools do. */
export function postgresClient(
  port: number,
  { user, database }: { readonly user: string; readonly database: string },
): PostgresClient & Disposable {
  let current: Promise<PostgresClient & Disposable> | undefined
  return {
    query: async (sql, values) => {
      current ??= openConnection(port, user, database)
      const mine = current
      try {
        return await (await mine).query(sql, values)
      } catch (error) {
        if (current === mine) current = undefined
        throw error
      }
    },
    [Symbol.dispose]: () =>
      void current?.then(
        (client) => client[Symbol.dispose](),
        () => undefined,
      ),
  }
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)
const int = (value: number, bytes: 2 | 4 = 4): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeIntBE(value, 0, bytes)
  return buffer
}
const message = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int(body.length + 4), body])
}

interface Result {
  rowCount: number | null
  rows: unknown[]
  error: string | undefined
}

/**
 * As much of the wire protocol (version 3) as the store needs; no driver is a dependency here. The
 * server must trust the user.
 */
async function openConnection(
  port: number,
  user: string,
  database: string,
): Promise<PostgresClient & Disposable> {
  const socket: Socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const waiting: Array<(result: Result) => void> = []
  const lost = Promise.withResolvers<never>()
  lost.promise.catch(() => undefined)
  socket.once('close', () => lost.reject(new Error('the connection is lost')))
  socket.on('error', () => undefined)
  let result: Result = { rowCount: null, rows: [], error: undefined }
  let columns: string[] = []
  let buffered = Buffer.alloc(0)
  const read: Readonly<Record<string, (body: Buffer) => void>> = {
    T: (body) => {
      columns = []
      let at = 2
      for (let n = body.readInt16BE(0); n > 0; n -= 1) {
        const end = body.indexOf(0, at)
        columns.push(body.toString('utf8', at, end))
        at = end + 19
      }
    },
    D: (body) => {
      let at = 2
      const row: Record<string, string> = {}
      for (const column of columns) {
        const length = body.readInt32BE(at)
        row[column] = body.toString('utf8', at + 4, at + 4 + length)
        at += 4 + length
      }
      result.rows.push(row)
    },
    C: (body) => {
      const words = body.toString('utf8', 0, body.length - 1).split(' ')
      result.rowCount = Number(words.at(-1))
    },
    E: (body) => {
      result.error = body.toString('utf8').replaceAll('\0', ' ')
    },
    Z: () => {
      waiting.shift()?.(result)
      result = { rowCount: null, rows: [], error: undefined }
    },
  }
  const next = (): Promise<Result> =>
    Promise.race([new Promise<Result>((resolve) => waiting.push(resolve)), lost.promise])
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    while (buffered.length >= 5 && buffered.length > buffered.readInt32BE(1)) {
      const length = buffered.readInt32BE(1)
      read[buffered.toString('latin1', 0, 1)]?.(buffered.subarray(5, length + 1))
      buffered = buffered.subarray(length + 1)
    }
  })
  const started = next()
  const startup = Buffer.concat([
    int(196_608),
    ...['user', user, 'database', database, 'client_encoding', 'UTF8', ''].map(text),
  ])
  socket.write(Buffer.concat([int(startup.length + 4), startup]))
  await started
  return {
    query: async (sql, values = []) => {
      const answered = next()
      const bound = values.flatMap((value) => {
        const bytes = Buffer.from(String(value))
        return [int(bytes.length), bytes]
      })
      const simple = values.length === 0
      socket.write(
        simple
          ? message('Q', text(sql))
          : Buffer.concat([
              message('P', text(''), text(sql), int(0, 2)),
              message(
                'B',
                text(''),
                text(''),
                int(0, 2),
                int(values.length, 2),
                ...bound,
                int(0, 2),
              ),
              message('E', text(''), int(0)),
              message('S'),
            ]),
      )
      const { rowCount, rows, error } = await answered
      if (error !== undefined) throw new Error(error)
      return { rowCount, rows }
    },
    [Symbol.dispose]: () => socket.destroy(),
  }
}
