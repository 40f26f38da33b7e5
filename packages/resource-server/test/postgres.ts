import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PostgresClient } from '../src/replay.ts'

/** Folder of the server's programs, where they are installed. */
export const postgresPrograms: string | undefined = (() => {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort() : []
  return versions
    .map((version) => join(root, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')))
})()

/** A real server on a socket of its own. */
export interface Postgres extends AsyncDisposable {
  readonly connect: () => Promise<PostgresClient & Disposable>
}

// The server refuses to run as root.
const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

export async function startPostgres(bin: string): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-pg-'))
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid)
  const data = join(folder, 'data')
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-A', 'trust', '-U', 'test', '-E', 'UTF8', '--no-sync'],
    {
      ...identity,
      cwd: folder,
      stdio: 'ignore',
    },
  )
  const child: ChildProcess = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'],
    { ...identity, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  for await (const chunk of child.stderr ?? []) {
    if (String(chunk).includes('ready to accept connections')) break
  }
  return {
    connect: () => openClient(join(folder, '.s.PGSQL.5432')),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGINT')
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
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

/** As much of the wire protocol (version 3) as the store needs; no driver is a dependency here. */
async function openClient(path: string): Promise<PostgresClient & Disposable> {
  const socket: Socket = connect(path)
  await once(socket, 'connect')
  const waiting: Array<(result: Result) => void> = []
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
  const next = (): Promise<Result> => new Promise((resolve) => waiting.push(resolve))
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
    ...['user', 'test', 'database', 'postgres', 'client_encoding', 'UTF8', ''].map(text),
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
