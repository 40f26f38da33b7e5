import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../../../apps/egress-relay/src/main.ts')

/** A real egress relay in a process of its own. */
export interface Relay {
  readonly socket: string
  stop(): Promise<void>
}

/** Starts a relay that may reach what `allowPrivate` names on this machine. */
export async function startRelay(socket: string, allowPrivate: readonly string[]): Promise<Relay> {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', '--no-warnings', main], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.write(`${JSON.stringify({ socket, allow: ['*'], allowPrivate })}\n`)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"event":"ready"')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the relay ended with ${code}`)))
  })
  return {
    socket,
    async stop() {
      child.stdin.end()
      await exited
    },
  }
}
