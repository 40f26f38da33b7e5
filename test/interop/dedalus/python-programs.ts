/** The two Python programs of the scenario as running processes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'

/** How a program authenticates to an MCP server, in the names of `client.py`. */
export type ClientAuth =
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'dpop'; readonly token: string; readonly key: string }
  | {
      readonly kind: 'client_credentials'
      readonly client_id: string
      readonly client_secret: string
      readonly scope: string
    }
  | { readonly kind: 'token_exchange'; readonly client_id: string; readonly subject_token: string }

/** What `client.py` answers: a result, or what the library raised. */
export type Outcome<Result> =
  | { readonly result: Result; readonly error?: undefined }
  | {
      readonly result?: undefined
      readonly error: { readonly type: string; readonly message: string }
    }

/**
 * The result of a step.
 *
 * @throws Error with what the library raised
 */
export function resultOf<Result>({ result, error }: Outcome<Result>): Result {
  if (result === undefined) throw new Error(`${error?.type}: ${error?.message}`)
  return result
}

/** A program that uses the published clients. */
export interface ClientProgram {
  step<Result>(name: string, args: Readonly<Record<string, unknown>>): Promise<Outcome<Result>>
  stop(): Promise<void>
}

/** A running MCP server. */
export interface ServerProgram {
  /** Its MCP endpoint. */
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** Starts `client.py`. */
export function startClient(python: string): ClientProgram {
  const child = spawn(python, ['-u', join(import.meta.dirname, 'client.py')], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: cleanEnvironment(),
  })
  const said = lastWords(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    step: async (name, args) => {
      child.stdin.write(`${JSON.stringify({ step: name, ...args })}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`client.py ended:\n${said()}`)
      return JSON.parse(value)
    },
    stop: () => end(child),
  }
}

/** Starts `server.py` and waits until it answers. */
export async function startServer(
  python: string,
  options: {
    readonly port: number
    readonly issuer: string
    readonly audience: string
    readonly flags?: readonly string[]
    readonly deployment: { readonly id: string; readonly secret: string }
    /** Default: the issuer. */
    readonly dispatchUrl?: string | undefined
  },
): Promise<ServerProgram> {
  const { port, issuer, audience, flags = [], deployment, dispatchUrl = issuer } = options
  const child = spawn(
    python,
    [
      join(import.meta.dirname, 'server.py'),
      ...['--port', String(port), '--issuer', issuer, '--audience', audience, ...flags],
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...cleanEnvironment(),
        DEDALUS_DISPATCH_URL: dispatchUrl,
        DEDALUS_DEPLOYMENT_ID: deployment.id,
        DEDALUS_AUTH_SECRET: deployment.secret,
      },
    },
  )
  const said = lastWords(child)
  const url = `http://127.0.0.1:${port}/mcp`
  while (!(await answers(url))) {
    if (child.exitCode !== null) throw new Error(`server.py ended:\n${said()}`)
    await delay(100)
  }
  return { url, pid: child.pid ?? 0, stop: () => end(child) }
}

/** The variables of whoever runs this must not configure the programs. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:DEDALUS_|HOLDFAST_|MCP_)/.test(name)),
  )
}

function lastWords(child: ChildProcess): () => string {
  const said: string[] = []
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  return () => said.join('').slice(-4000)
}

async function answers(url: string): Promise<boolean> {
  try {
    const { body } = await request(url)
    await body.dump()
    return true
  } catch {
    return false
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
