import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A server in a process of its own, so that its CPU can be told from the load generator's. */
export interface ServerProcess {
  readonly pid: number
  /** What the server printed as its first line of JSON: `{ port, … }`. */
  readonly ready: Readonly<Record<string, unknown>> & { readonly port: number }
  stop(): Promise<void>
}

/**
 * Starts `bench/servers/<name>.ts`, or a file of another folder of `bench`, which prints one JSON line when it listens and ends when its
 * standard input does.
 */
export async function startServer(name: string, config: unknown): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@holdfast/source',
      '--no-warnings',
      new URL(name.includes('/') ? `../${name}` : `../servers/${name}.ts`, import.meta.url)
        .pathname,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  child.stdin.write(`${JSON.stringify(config)}\n`)
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => {
      throw new Error(`the ${name} server ended before it was ready`)
    }),
  ])) as [string]
  return {
    pid: child.pid ?? 0,
    ready: JSON.parse(line) as ServerProcess['ready'],
    stop: () => stop(child),
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exited = once(child, 'exit')
  child.stdin?.end()
  await exited
}
