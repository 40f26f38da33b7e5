import { setTimeout as sleep } from 'node:timers/promises'
import { failuresAfter, restartDelayMs } from './backoff.ts'
import type { Child, ChildEvent, ChildExit } from './child.ts'
import type { ProcessName } from './layout.ts'

export type ServiceState = 'starting' | 'ready' | 'restarting' | 'refused' | 'stopped'

/** Exit code of a child that refuses its configuration or the isolation floor: starting again is useless. */
const refusedExitCode = 78

/** A child gets this long to say that it is ready. */
const readyWithinMs = 30_000

export interface ServiceOptions {
  readonly name: ProcessName
  /** Starts the child; every event of it goes to `onEvent`. */
  readonly launch: (onEvent: (event: ChildEvent) => void) => Child
  /** Answers events on the way to ready, such as the enclave's key handshake. */
  readonly onEvent?: (event: ChildEvent, child: Child) => void
  readonly onChange: () => void
  /** Pause before a restart. Default {@link restartDelayMs}. */
  readonly delayMs?: (failures: number) => number
}

/** One supervised process: started, watched, started again with growing pauses. */
export class Service {
  readonly name: ProcessName
  /** Resolves when the first start has succeeded, failed or been refused. */
  readonly firstOutcome: Promise<ServiceState>
  state: ServiceState = 'starting'
  restarts = 0
  readyEvent: ChildEvent | undefined
  lastExit: ChildExit | undefined
  child: Child | undefined
  /** The `message` or `reason` of the latest event that had one, such as why it refuses its configuration. */
  lastMessage: string | undefined
  readonly #options: ServiceOptions
  readonly #stopping = new AbortController()
  #settleFirst: (state: ServiceState) => void = () => undefined
  #running: Promise<void> | undefined

  constructor(options: ServiceOptions) {
    this.name = options.name
    this.#options = options
    this.firstOutcome = new Promise((resolve) => {
      this.#settleFirst = resolve
    })
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends the child in order and does not start it again. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.child?.stop()
    await this.#running
    if (this.state !== 'refused') this.#become('stopped')
  }

  /** Ends the child at once. */
  kill(): void {
    this.#stopping.abort()
    this.child?.kill()
  }

  /** Ends the child for good, because its isolation no longer holds. */
  async refuse(): Promise<void> {
    this.#stopping.abort()
    this.#become('refused')
    await this.child?.stop()
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now()
      const exit = await this.#runOnce()
      this.lastExit = exit
      this.child = undefined
      this.readyEvent = undefined
      if (this.#stopping.signal.aborted) break
      if (exit.code === refusedExitCode) {
        this.#become('refused')
        return
      }
      failures = failuresAfter(failures, performance.now() - startedAt)
      this.restarts += 1
      this.#become('restarting')
      const delayMs = (this.#options.delayMs ?? restartDelayMs)(failures)
      await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
    }
    this.#settleFirst(this.state)
  }

  async #runOnce(): Promise<ChildExit> {
    const child: Child = this.#options.launch((event) => {
      const said = event['message'] ?? event['reason']
      if (typeof said === 'string') this.lastMessage = said
      if (event.event === 'ready') {
        this.lastMessage = undefined
        clearTimeout(tooLate)
        this.readyEvent = event
        this.#become('ready')
      }
      this.#options.onEvent?.(event, child)
    })
    const tooLate = setTimeout(() => child.kill(), readyWithinMs)
    this.child = child
    this.#options.onChange()
    const exit = await child.exited
    clearTimeout(tooLate)
    return exit
  }

  #become(state: ServiceState): void {
    this.state = state
    if (state !== 'starting') this.#settleFirst(state)
    this.#options.onChange()
  }
}
