/** Our authorization server as a child process, on a database that was seeded before. */
import { freePort } from '@holdfast/test/ports'
import { openStorage, type Storage } from '@holdfast/storage'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const main = resolve(import.meta.dirname, '../../apps/authorization-server/src/main.ts')

/** A running server. */
export interface OurServer {
  readonly issuer: string
  readonly pid: number
  /** Makes the first administrator. */
  readonly setupLink: string
  /** The server's database, opened once more. */
  readonly reopen: () => Storage
  stop(): Promise<void>
}

/** Seeds a database, then starts the server on it, with its defaults. */
export async function startOurServer(
  seed: (storage: Storage, issuer: string) => Promise<void>,
): Promise<OurServer> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-as-'))
  const encryptionKey = crypto.getRandomValues(new Uint8Array(32))
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  await writeFile(join(folder, 'control.key'), encryptionKey, { mode: 0o600 })
  const file = join(folder, 'holdfast.db')
  const storage = openStorage({ file, encryptionKey })
  await seed(storage, issuer)
  await storage.close()
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', '--no-warnings', main], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  let setupLink = ''
  const ready = new Promise<void>((done, fail) => {
    lines.on('line', (line) => {
      const { event, url } = JSON.parse(line) as { event?: string; url?: string }
      if (event === 'setup_link') setupLink = url ?? ''
      if (event === 'ready') done()
    })
    child.once('exit', (code) => fail(new Error(`the server ended with ${code}`)))
  })
  child.stdin.write(
    `${JSON.stringify({
      issuer,
      host: '127.0.0.1',
      port,
      dataDir: folder,
      // Nothing listens there: these benchmarks do not dispatch.
      enclaveSocket: join(folder, 'no-enclave.sock'),
      logLevel: 'error',
      // So that no token runs out during a slow run.
      accessTokenTtlSeconds: 3600,
      // One user refreshes more here than anybody may outside; the limit is counted all the same.
      rateLimits: { tokensPerAccount: 10_000_000 },
    })}\n`,
  )
  await ready
  return {
    issuer,
    pid: child.pid ?? 0,
    setupLink,
    reopen: () => openStorage({ file, encryptionKey, sweepIntervalMs: 0 }),
    stop: async () => {
      const exited = once(child, 'exit')
      child.stdin.end()
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
