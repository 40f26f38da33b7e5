import { closeSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type IsolationReport, isolationReportSchema } from '@holdfast/protocol/enclave'
import type { Config } from '../config.ts'
import { childConfigs } from './child-configs.ts'
import { Child, type ChildEvent } from './child.ts'
import { answerSelfTest } from './enclave-handshake.ts'
import { prepareFolders, removeStaleSockets } from './folders.ts'
import { type Identities, identitiesOf } from './identities.ts'
import { measure, type MeasuredIsolation, meetsFloor, type OutsideAttacks } from './isolation.ts'
import { openEnclaveState, prepareKeys, readRootKey } from './keys.ts'
import { type Command, launcherCommand, launchSpec, type Launchable } from './launch-spec.ts'
import { type Layout, layoutOf, type ProcessName, processesOf, type Role } from './layout.ts'
import { acquireLock } from './lock.ts'
import { LogFile } from './log-file.ts'
import { runProbe, workerPid } from './probe.ts'
import { buildReport, type SupervisorReport, writeReport } from './report.ts'
import { openSentinels, type Sentinels } from './sentinels.ts'
import { Service } from './service.ts'

export interface SupervisorOptions {
  readonly config: Config
  readonly role: Role
  readonly root: string
  /** How a part is started. Default: through the launcher. */
  readonly commandFor?: (what: Launchable) => Command
  /** Called whenever the report changed. */
  readonly onChange?: (report: SupervisorReport) => void
  /** Every event of a child, such as `setup_link`. */
  readonly onEvent?: (name: ProcessName, event: ChildEvent) => void
  /** Pause before a restart, for tests. */
  readonly delayMs?: (failures: number) => number
  /** Time between two outside probes. Default one hour. */
  readonly reprobeEveryMs?: number
}

const hourMs = 3_600_000

/** Starts the processes of a role, keeps them running and ends them in order. */
export class Supervisor {
  readonly layout: Layout
  readonly #options: SupervisorOptions
  readonly #identities: Identities | undefined
  readonly #startedAt = new Date()
  readonly #logs = new Map<ProcessName, LogFile>()
  #services: readonly Service[] = []
  #isolation: MeasuredIsolation | undefined
  #inside: IsolationReport | undefined
  #keys: unknown
  #sentinels: Sentinels | undefined
  #releaseLock: (() => void) | undefined
  #reprobe: NodeJS.Timeout | undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.layout = layoutOf(options.config, options.role)
    this.#identities = identitiesOf(options.config.uidBase)
  }

  /** The state of this moment. */
  get report(): SupervisorReport {
    return buildReport({
      role: this.#options.role,
      config: this.#options.config,
      layout: this.layout,
      startedAt: this.#startedAt,
      services: this.#services,
      isolation: this.#isolation,
      keys: this.#keys,
    })
  }

  /** What a process said before it ended: its last event with a message, else its stderr. */
  lastWords(name: ProcessName): string {
    const service = this.#services.find((candidate) => candidate.name === name)
    return service?.lastMessage ?? service?.lastExit?.lastWords ?? ''
  }

  /**
   * Prepares the data folder and starts every process, one after the other. Resolves when each has
   * become ready, failed once or been refused: see {@link report}.
   *
   * @throws CliError when the data folder cannot be used or another instance runs on it
   */
  async start(): Promise<void> {
    const { layout } = this
    const { role, config } = this.#options
    prepareFolders(layout, this.#identities, role)
    this.#releaseLock = acquireLock(layout.lockFile)
    prepareKeys(layout, this.#identities, role)
    removeStaleSockets(layout, role)
    rmSync(layout.setupLinkFile, { force: true })
    this.#sentinels = await openSentinels(layout)
    const names = processesOf(role)
    for (const name of names) {
      this.#logs.set(name, new LogFile(path.join(layout.logDir, `${name}.log`), config.logMaxBytes))
    }
    this.#services = names.map((name) => this.#createService(name))
    for (const service of this.#services) {
      service.start()
      if ((await service.firstOutcome) === 'refused') return
    }
    this.#reprobe = setInterval(
      () => void this.#probeAgain(),
      this.#options.reprobeEveryMs ?? hourMs,
    ).unref()
  }

  /** Ends every process in the reverse order of their start. */
  async stop(): Promise<void> {
    clearInterval(this.#reprobe)
    for (const service of this.#services.toReversed()) await service.stop()
    this.#close()
  }

  /** Ends every process at once. */
  kill(): void {
    for (const service of this.#services) service.kill()
    this.#close()
  }

  #close(): void {
    for (const log of this.#logs.values()) log.close()
    this.#logs.clear()
    this.#sentinels?.close()
    if (this.#releaseLock === undefined) return
    rmSync(this.layout.stateFile, { force: true })
    rmSync(this.layout.setupLinkFile, { force: true })
    this.#releaseLock()
    this.#releaseLock = undefined
  }

  #createService(name: ProcessName): Service {
    const { delayMs } = this.#options
    return new Service({
      name,
      launch: (onEvent) => this.#launch(name, onEvent),
      onEvent: (event, child) => this.#onEvent(name, event, child),
      onChange: () => this.#changed(),
      ...(delayMs && { delayMs }),
    })
  }

  #launch(name: ProcessName, onEvent: (event: ChildEvent) => void): Child {
    const sentinels = this.#sentinels
    if (sentinels === undefined) throw new Error('the supervisor has not been started')
    const stateFd = name === 'enclave' ? openEnclaveState(this.layout) : undefined
    try {
      return new Child({
        ...this.#command(name),
        config: childConfigs[name](this.#options.config, this.layout, sentinels),
        stateFd,
        log: this.#logs.get(name),
        onEvent,
      })
    } finally {
      if (stateFd !== undefined) closeSync(stateFd)
    }
  }

  #command(what: Launchable): Command {
    const { commandFor, root, config } = this.#options
    if (commandFor) return commandFor(what)
    const spec = launchSpec(what, {
      root,
      layout: this.layout,
      identities: this.#identities,
      isolation: config.enclaveIsolation,
    })
    return launcherCommand(root, spec)
  }

  #onEvent(name: ProcessName, event: ChildEvent, child: Child): void {
    if (name === 'enclave' && event.event === 'selftest') {
      this.#answerSelfTest(event, child).catch((error: unknown) => {
        // Such as a root key that cannot be read any more: without it the enclave is of no use.
        const message = error instanceof Error ? error.message : 'the key was not delivered'
        this.#logs.get(name)?.write(`${JSON.stringify({ level: 'error', message })}\n`)
        child.kill()
      })
    }
    if (name === 'enclave' && event.event === 'ready') {
      this.#keys = event['keys']
      this.#changed()
    }
    if (event.event === 'setup_link' && typeof event['url'] === 'string') {
      writeFileSync(this.layout.setupLinkFile, event['url'], { mode: 0o600 })
    }
    this.#options.onEvent?.(name, event)
  }

  async #answerSelfTest(event: ChildEvent, child: Child): Promise<void> {
    const report = isolationReportSchema.safeParse(event['report'])
    this.#inside = report.success ? report.data : undefined
    await answerSelfTest(event, child, {
      floor: this.#options.config.enclaveMinIsolation,
      probe: (pid) => this.#probe(pid),
      readRootKey: () => readRootKey(this.layout),
      onMeasured: (isolation) => {
        this.#isolation = isolation
        this.#changed()
      },
    })
  }

  #probe(enclavePid: number): Promise<OutsideAttacks> {
    const log = this.#logs.get('enclave')
    if (log === undefined) return Promise.resolve(undefined)
    const targets = {
      enclavePid: workerPid(enclavePid),
      keyFiles: [this.layout.rootKey, this.layout.enclaveState],
      sockets: [this.layout.relaySocket],
      enclaveSocket: this.layout.enclaveSocket,
    }
    return runProbe(this.#command('probe'), targets, log)
  }

  /** The level can fall while running: a new attack that succeeds ends an enclave below its floor. */
  async #probeAgain(): Promise<void> {
    const enclave = this.#services.find(({ name }) => name === 'enclave')
    const pid = enclave?.child?.pid
    if (enclave?.state !== 'ready' || pid === undefined || this.#inside === undefined) return
    const outside = await this.#probe(pid)
    const isolation = measure(this.#inside, outside, this.#options.config.enclaveMinIsolation)
    this.#isolation = isolation
    if (meetsFloor(isolation)) this.#changed()
    else await enclave.refuse()
  }

  #changed(): void {
    if (this.#releaseLock === undefined) return
    const { report } = this
    writeReport(this.layout, report)
    this.#options.onChange?.(report)
  }
}
