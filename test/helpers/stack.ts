/** A whole Holdfast in a folder of its own, started as an operator starts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from './ports.ts'

const root = resolve(import.meta.dirname, '../..')
const nodeArguments = ['--conditions=@holdfast/source', '--no-warnings']
const cliMain = join(root, 'apps/cli/src/main.ts')

/** How a stack differs from the defaults. */
export interface StackOptions {
  /** Port under which clients reach the server, when it is not the one it listens on. */
  readonly publicPort?: number
  /** Upstreams on loopback that the relay may reach, as `host:port`. */
  readonly allowPrivate?: readonly string[]
  /** Certificate authority of those upstreams. */
  readonly extraCaPem?: string
  /** Start it as this user; only root can. */
  readonly as?: { readonly uid: number; readonly gid: number } | undefined
  /** Further `HOLDFAST_*` settings. */
  readonly settings?: Readonly<Record<string, string>>
}

/** The parts of `run/supervisor.json` that tests look at. */
export interface StackReport {
  readonly pid: number
  readonly processes: readonly { readonly name: string; readonly pid: number | null }[]
  readonly isolation: { readonly level: string; readonly reasons: readonly string[] } | null
  readonly paths: { readonly dataDir: string; readonly database: string; readonly logs: string }
}

/** A finished command. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A running stack. */
export interface Stack {
  readonly issuer: string
  /** Port on which the server listens. */
  readonly port: number
  readonly dataDir: string
  /** One-time set-up link of the first administrator. */
  readonly setupLink: string
  /** Current contents of `run/supervisor.json`. */
  report(): Promise<StackReport>
  /** Everything that the supervisor printed so far. */
  output(): string
  /** Runs `holdfast …` against this stack, with a configuration folder of its own. */
  cli(args: readonly string[], input?: string): Promise<CommandResult>
  /** Starts `holdfast …` and leaves it running. */
  startCli(args: readonly string[]): ChildProcess
  /** Ends the supervisor with a signal and resolves with its exit code; the data stays. */
  end(signal: NodeJS.Signals): Promise<number | null>
  /** Starts again on the same data after {@link end}; resolves with the `up` event. */
  startAgain(): Promise<Readonly<Record<string, unknown>>>
  /** Folder of everything that this stack wrote, the command line's configuration included. */
  readonly folder: string
  stop(): Promise<void>
}

/** Starts `holdfast up --json` and resolves when everything runs. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-stack-'))
  if (options.as) await chown(folder, options.as.uid, options.as.gid)
  const dataDir = join(folder, 'data')
  const configDir = join(folder, 'config')
  const port = await freePort()
  const issuer = `http://localhost:${options.publicPort ?? port}`
  const caFile = join(folder, 'upstream-ca.pem')
  if (options.extraCaPem !== undefined) await writeFile(caFile, options.extraCaPem)
  const environment = {
    ...withoutSettings(process.env),
    XDG_CONFIG_HOME: configDir,
    HOLDFAST_DATA_DIR: dataDir,
    HOLDFAST_PORT: String(port),
    HOLDFAST_ISSUER: issuer,
    ...(options.allowPrivate && {
      HOLDFAST_EGRESS_ALLOW: options.allowPrivate.join(','),
      HOLDFAST_EGRESS_ALLOW_PRIVATE: options.allowPrivate.join(','),
    }),
    ...(options.extraCaPem !== undefined && { HOLDFAST_EXTRA_CA_FILE: caFile }),
    ...options.settings,
  }
  const startCli = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [...nodeArguments, cliMain, ...args], {
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...options.as,
    })

  const output: string[] = []
  const startSupervisor = (): ChildProcess => {
    const started = startCli(['up', '--json'])
    started.stdout?.on('data', (chunk: Buffer) => output.push(chunk.toString()))
    started.stderr?.on('data', (chunk: Buffer) => output.push(chunk.toString()))
    return started
  }
  let child = startSupervisor()
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    }
    return child.exitCode
  }
  const stop = async (): Promise<void> => {
    await end('SIGTERM')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const up = await firstEvent(child, 'up', output)
    return {
      folder,
      end,
      startAgain: () => {
        child = startSupervisor()
        return firstEvent(child, 'up', output)
      },
      issuer,
      port,
      dataDir,
      setupLink: String(up['setup_link']),
      report: async () =>
        JSON.parse(await readFile(join(dataDir, 'run/supervisor.json'), 'utf8')) as StackReport,
      output: () => output.join(''),
      cli: (args, input) => finished(startCli(args), input),
      startCli,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // Hints name the command as npm or npx started it.
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(?:HOLDFAST_|npm_lifecycle_event$)/.test(name)),
  )
}

async function firstEvent(
  child: ChildProcess,
  event: string,
  output: readonly string[],
): Promise<Record<string, unknown>> {
  const lines = createInterface({ input: child.stdout! })
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      try {
        const value = JSON.parse(line) as Record<string, unknown>
        if (value['event'] === event) resolve(value)
      } catch {
        // Not an event.
      }
    })
    child.once('exit', (code) =>
      reject(new Error(`holdfast ended with ${code} before it was up:\n${output.join('')}`)),
    )
  })
}

async function finished(child: ChildProcess, input: string | undefined): Promise<CommandResult> {
  const stdout: string[] = []
  const stderr: string[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk.toString()))
  child.stdin?.end(input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? -1, stdout: stdout.join(''), stderr: stderr.join('') }
}
