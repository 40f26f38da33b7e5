/** The enclave and the egress relay as real processes, at whatever isolation the test's user has. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

const root = resolve(import.meta.dirname, '../../../..')
const nodeArguments = ['--conditions=@holdfast/source', '--no-warnings']

export interface RealEnclaveOptions {
  /** `host:port` of upstreams on loopback that the relay may reach. */
  readonly upstreams: readonly string[]
  /** A relay of the test's own; default a real one. */
  readonly relaySocket?: string
  /** Authority of those upstreams. */
  readonly caPem: string
}

export interface RealEnclave extends AsyncDisposable {
  readonly socket: string
  readonly pid: number
  /** Ends the enclave at once, as a crash does. */
  kill(): Promise<void>
  /** Stops the enclave's world without ending it: it accepts connections and never answers. */
  freeze(): void
  thaw(): void
  /** Starts it again on the same state and root key. */
  restart(): Promise<void>
}

/** Starts both processes and resolves when the enclave serves. */
export async function startRealEnclave(options: RealEnclaveOptions): Promise<RealEnclave> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-enclave-'))
  const socket = join(folder, 'enclave.sock')
  const relaySocket = options.relaySocket ?? join(folder, 'relay.sock')
  const rootKey = randomBytes(32)

  const relay =
    options.relaySocket === undefined
      ? start('apps/egress-relay/src/main.ts', {
          socket: relaySocket,
          allow: options.upstreams,
          allowPrivate: options.upstreams,
        })
      : undefined
  if (relay) await ready(relay)

  const startEnclave = async (): Promise<ChildProcess> => {
    // A crashed enclave leaves its socket behind; the supervisor clears it away too.
    await rm(socket, { force: true })
    const state = openSync(join(folder, 'state'), constants.O_RDWR | constants.O_CREAT, 0o600)
    const child = start(
      'enclave/src/main.ts',
      {
        socket,
        relaySocket,
        floor: 'none',
        extraCaPem: options.caPem,
        maxBodyBytes: 1_048_576,
        attackTargets: { supervisorPid: process.pid },
      },
      state,
    )
    closeSync(state)
    const keys = child.stdio[3] as Duplex
    keys.on('error', () => undefined)
    keys.write('{"level":"process","outside":[]}\n')
    keys.end(rootKey)
    await ready(child)
    return child
  }

  let enclave = await startEnclave()
  const kill = (): Promise<void> => end(enclave)
  return {
    socket,
    get pid() {
      return enclave.pid ?? 0
    },
    kill,
    freeze: () => void enclave.kill('SIGSTOP'),
    thaw: () => void enclave.kill('SIGCONT'),
    async restart() {
      await kill()
      enclave = await startEnclave()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([kill(), ...(relay ? [end(relay)] : [])])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function start(main: string, config: unknown, stateFd?: number): ChildProcess {
  const further = stateFd === undefined ? [] : (['pipe', stateFd] as const)
  const child = spawn(process.execPath, [...nodeArguments, join(root, main)], {
    stdio: ['pipe', 'pipe', 'inherit', ...further],
  })
  child.stdin?.write(`${JSON.stringify(config)}\n`)
  return child
}

async function ready(child: ChildProcess): Promise<void> {
  const lines = createInterface({ input: child.stdout! })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.includes('"event":"ready"')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
