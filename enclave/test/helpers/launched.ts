import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LaunchSpec } from '../../src/sandbox/launch-spec.ts'

export const isRoot = process.geteuid?.() === 0
export const isLinux = process.platform === 'linux'
const source = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** An ordinary user for tests that root runs; everybody else is one already. */
export const ordinaryUser = isRoot ? { uid: 1500, gid: 1500 } : undefined

/** Whether that user can reach this clone at all: below a folder of mode 0700 he cannot. */
export const ordinaryUserCanRun =
  ordinaryUser === undefined ||
  spawnSync(process.execPath, [source('src/launcher.ts')], ordinaryUser).status === 78

export type Event = { readonly event: string } & Readonly<Record<string, unknown>>

/** A process of the launch contract, seen from the supervisor's side. */
export interface Launched {
  readonly process: ChildProcess
  readonly event: (name: string) => Promise<Event>
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>
  readonly end: () => Promise<void>
}

export const baseSpec = (main: string): LaunchSpec => ({
  profile: 'enclave',
  node: process.execPath,
  nodeArgs: ['--conditions=@holdfast/source'],
  main: main.startsWith('/') ? main : source(main),
  args: [],
  readOnly: [],
  readWrite: [],
})

/** How to start a launcher. */
export interface LaunchOptions {
  readonly config?: object
  /** The user that starts it, which is not the user that it drops to. */
  readonly as?: { uid: number; gid: number } | undefined
  /** A command that starts it instead. */
  readonly through?: readonly string[] | undefined
}

/** Starts the launcher as the supervisor would. */
export function launch(spec: unknown, options: LaunchOptions = {}): Launched {
  const own = [process.execPath, source('src/launcher.ts'), JSON.stringify(spec)]
  const [command = '', ...args] = [...(options.through ?? []), ...own]
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: {},
    ...options.as,
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  for (const stream of child.stdio) stream?.on('error', () => undefined)
  const events: Event[] = []
  const waiting = new Set<() => void>()
  const wake = (): void => waiting.forEach((check) => check())
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      events.push(JSON.parse(line) as Event)
      wake()
    })
  }
  let over = false
  const exited = new Promise<Awaited<Launched['exited']>>((resolve) => {
    child.once('close', (code, signal) => {
      over = true
      wake()
      resolve({ code, signal, stderr })
    })
  })
  if (options.config !== undefined) child.stdin?.write(`${JSON.stringify(options.config)}\n`)
  const event = (name: string): Promise<Event> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = events.find((item) => item.event === name)
        if (found === undefined && !over) return
        waiting.delete(check)
        if (found === undefined) reject(new Error(`no ${name} event: ${stderr}`))
        else resolve(found)
      }
      waiting.add(check)
      check()
    })
  const end = async (): Promise<void> => {
    child.stdin?.end()
    await exited
  }
  return { process: child, event, exited, end }
}

/** Things for an enclave to attack, alive while a test runs. */
export interface Surroundings {
  readonly folder: string
  readonly socket: string
  /** The enclave's own, which it may write to. */
  readonly runFolder: string
  readonly database: string
  readonly keyFile: string
  readonly foreignSocket: string
  readonly abstractSocket: string
  readonly tcpPort: number
  readonly close: () => void
}

/** Creates them; the files belong to `owner` as they would to the one who runs a supervisor. */
export async function surroundings(): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-sandbox-'))
  chmodSync(folder, 0o755)
  const runFolder = join(folder, 'run')
  mkdirSync(runFolder)
  // Shared by the users that the tests start processes as.
  chmodSync(runFolder, 0o777)
  const database = join(folder, 'holdfast.db')
  const keyFile = join(folder, 'root.key')
  writeFileSync(database, 'rows')
  writeFileSync(keyFile, 'key', { mode: 0o600 })
  const foreignSocket = join(folder, 'foreign.sock')
  const abstractSocket = `holdfast-test-${process.pid}-${Math.random()}`
  const listening = await Promise.all([
    listen(foreignSocket),
    listen(`\0${abstractSocket}`),
    listen({ port: 0, host: '127.0.0.1' }),
  ])
  chmodSync(foreignSocket, 0o777)
  const address = listening[2].address()
  return {
    folder,
    socket: join(runFolder, `enclave.sock`),
    runFolder,
    database,
    keyFile,
    foreignSocket,
    abstractSocket,
    tcpPort: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => {
      for (const server of listening) server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const listen = (where: string | { port: number; host: string }): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.listen(where, () => resolve(server))
  })
