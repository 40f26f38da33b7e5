import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Readable, Writable } from 'node:stream'
import { jsonObject } from '../json-object.ts'
import { lineSplitter } from './line-splitter.ts'
import { crashLine, logLine } from './log-line.ts'
import type { LogFile } from './log-file.ts'

/** A JSON line of a child that carries an event. */
export interface ChildEvent {
  readonly event: string
  readonly [field: string]: unknown
}

export interface ChildOptions {
  readonly command: string
  readonly args: readonly string[]
  /** First line on the child's stdin. */
  readonly config: unknown
  /** Open file to inherit as fd 4; with it fd 3 becomes the key pipe. */
  readonly stateFd?: number | undefined
  readonly log?: LogFile | undefined
  readonly onEvent: (event: ChildEvent) => void
}

export interface ChildExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Last lines of stderr, for the report of a crash. */
  readonly lastWords: string
}

/** Events that carry a secret (a one-time link) and therefore never reach a log file. */
const unloggedEvents = new Set(['setup_link'])

/** Time from the end of stdin to SIGTERM, and from there to SIGKILL. Children promise to end within 3 s. */
const termAfterMs = 3500
const killAfterMs = 1500

/** One running child of the launch contract: configuration in, JSON lines out, ends with its stdin. */
export class Child {
  readonly exited: Promise<ChildExit>
  readonly #process: ChildProcess
  #hasExited = false

  constructor(options: ChildOptions) {
    const withKey = options.stateFd !== undefined
    this.#process = spawn(options.command, options.args, {
      stdio: ['pipe', 'pipe', 'pipe', ...(withKey ? (['pipe', options.stateFd] as const) : [])],
      // Children read no variable; ours may hold what is none of their business.
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      // A group of its own: Ctrl-C on the terminal reaches the supervisor alone, which stops in order.
      detached: true,
    })
    this.exited = this.#watch(options)
    // A child that dies early makes its pipes fail; its exit tells the story.
    for (const stream of this.#process.stdio) stream?.on('error', () => undefined)
    this.#process.stdin?.write(`${JSON.stringify(options.config)}\n`)
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** The parent's end of fd 3. */
  get keyPipe(): Writable {
    const pipe = this.#process.stdio[3]
    if (pipe === null || pipe === undefined || !('write' in pipe)) {
      throw new Error('this child has no key pipe')
    }
    return pipe
  }

  /** Asks for an orderly end (end of stdin), insists after a while, and waits for it. */
  async stop(): Promise<ChildExit> {
    this.#process.stdin?.end()
    const over = new AbortController()
    const waited = async (ms: number): Promise<boolean> => {
      const timer = sleep(ms, true, { signal: over.signal }).catch(() => false)
      return Promise.race([timer, this.exited.then(() => false)])
    }
    if (await waited(termAfterMs)) this.#signal('SIGTERM')
    if (!this.#hasExited && (await waited(killAfterMs))) this.kill()
    over.abort()
    return this.exited
  }

  /** Ends the child and whatever it started, at once. */
  kill(): void {
    this.#signal('SIGKILL')
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#process
    if (pid === undefined || this.#hasExited) return
    try {
      process.kill(-pid, signal)
    } catch {
      this.#process.kill(signal)
    }
  }

  #watch({ log, onEvent }: ChildOptions): Promise<ChildExit> {
    const words: string[] = []
    const readLines = (stream: Readable | null, onLine: (line: string) => void): void => {
      stream?.setEncoding('utf8').on('data', lineSplitter(onLine))
    }
    readLines(this.#process.stdout, (line) => {
      const event = parseEvent(line)
      if (event === undefined || !unloggedEvents.has(event.event))
        log?.write(`${logLine(line, Date.now())}\n`)
      if (event !== undefined) onEvent(event)
    })
    readLines(this.#process.stderr, (line) => {
      words.push(line)
      if (words.length > 20) words.shift()
      log?.write(`${crashLine(line, Date.now())}\n`)
    })
    return new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#hasExited = true
        resolve({ code, signal, lastWords: words.join('\n') })
      }
      this.#process.once('error', (error) => {
        words.push(error.message)
        if (this.#process.pid === undefined) end(null, null)
      })
      this.#process.once('exit', (code, signal) => {
        this.#hasExited = true
        // `close` waits for the pipes, which a stray grandchild may hold open.
        setTimeout(end, 500, code, signal).unref()
      })
      this.#process.once('close', end)
    })
  }
}

function parseEvent(line: string): ChildEvent | undefined {
  if (!line.includes('"event"')) return undefined
  const value = jsonObject(line)
  return typeof value?.['event'] === 'string' ? (value as ChildEvent) : undefined
}
