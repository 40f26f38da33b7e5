/** Further control planes on the data of a running one, as behind a load balancer. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Pool } from 'undici'
import { freePort } from '../../../../test/helpers/ports.ts'
import { type Bound, dpopHeaders, type VaultApp } from './vault-app.ts'

const main = join(import.meta.dirname, '../../src/main.ts')

export interface ControlPlane extends AsyncDisposable {
  readonly pid: number
  /** Where it listens; requests name the issuer's host. */
  readonly origin: string
  /** Dispatches as {@link callDispatch} does, at this process. */
  dispatch(caller: Bound, body: unknown): Promise<DispatchReply>
  kill(): Promise<void>
}

/** The parts of an answer that a race looks at. */
export interface DispatchReply {
  readonly success: boolean
  readonly response?: { readonly status: number }
  readonly error?: { readonly code: string; readonly message: string }
}

/** Starts a process of its own, under the issuer of `app`. */
export async function startControlPlane(
  app: VaultApp,
  enclaveSocket: string,
): Promise<ControlPlane> {
  const port = await freePort()
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', '--no-warnings', main], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const config = {
    issuer: app.issuer,
    port,
    dataDir: dirname(app.database),
    enclaveSocket,
    logLevel: 'error',
  }
  child.stdin.write(`${JSON.stringify(config)}\n`)
  await isReady(child)
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 64 })
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  return {
    pid: child.pid ?? 0,
    origin: `http://127.0.0.1:${port}`,
    async dispatch(caller, body) {
      const answer = await pool.request({
        method: 'POST',
        path: '/dispatch',
        headers: {
          ...(await dpopHeaders(app, caller, 'POST', '/dispatch')),
          'content-type': 'application/json',
          host: new URL(app.issuer).host,
        },
        body: JSON.stringify(body),
      })
      return (await answer.body.json()) as DispatchReply
    },
    kill,
    async [Symbol.asyncDispose]() {
      await pool.destroy()
      await kill()
    },
  }
}

async function isReady(child: ChildProcess): Promise<void> {
  const lines = createInterface({ input: child.stdout! })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.includes('"event":"ready"')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the control plane ended with ${code}`)))
  })
}
