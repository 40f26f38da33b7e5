import { readFileSync, renameSync } from 'node:fs'
import type { Config } from '../config.ts'
import type { MeasuredIsolation } from './isolation.ts'
import type { Layout, ProcessName, Role } from './layout.ts'
import { writeDraft } from './planted-links.ts'
import type { Service, ServiceState } from './service.ts'
import { version } from '../version.ts'

/** One process as `run/supervisor.json` and `holdfast status` show it. */
export interface ProcessReport {
  readonly name: ProcessName
  readonly state: ServiceState
  readonly pid: number | null
  readonly version: string | null
  /** Unix socket path or URL where it serves. */
  readonly socket: string
  readonly restarts: number
  readonly lastExit: { readonly code: number | null; readonly signal: string | null } | null
  readonly log: string
}

/** Everything that may be known about a running instance: no secrets, readable by all. */
export interface SupervisorReport {
  readonly version: string
  readonly role: Role
  readonly pid: number
  readonly startedAt: string
  readonly node: string
  readonly issuer: string
  readonly processes: readonly ProcessReport[]
  readonly isolation: MeasuredIsolation | null
  /** Key ids as the enclave named them when it became ready. */
  readonly keys: unknown
  readonly paths: {
    readonly dataDir: string
    readonly database: string
    readonly controlKey: string
    readonly rootKey: string
    readonly enclaveState: string
    readonly logs: string
  }
}

/** The report of this moment. */
export function buildReport(input: {
  readonly role: Role
  readonly config: Config
  readonly layout: Layout
  readonly startedAt: Date
  readonly services: readonly Service[]
  readonly isolation: MeasuredIsolation | undefined
  readonly keys: unknown
}): SupervisorReport {
  const { layout, config } = input
  return {
    version,
    role: input.role,
    pid: process.pid,
    startedAt: input.startedAt.toISOString(),
    node: process.version,
    issuer: config.issuer,
    processes: input.services.map((service) => ({
      name: service.name,
      state: service.state,
      pid: service.child?.pid ?? null,
      version: textOf(service.readyEvent?.['version']),
      socket: socketOf(service.name, config, layout),
      restarts: service.restarts,
      lastExit: service.lastExit
        ? { code: service.lastExit.code, signal: service.lastExit.signal }
        : null,
      log: `${layout.logDir}/${service.name}.log`,
    })),
    isolation: input.isolation ?? null,
    keys: input.keys ?? null,
    paths: {
      dataDir: layout.dataDir,
      database: `${layout.controlDir}/holdfast.db`,
      controlKey: layout.controlKey,
      rootKey: layout.rootKey,
      enclaveState: layout.enclaveState,
      logs: layout.logDir,
    },
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

function socketOf(name: ProcessName, config: Config, layout: Layout): string {
  if (name === 'enclave') return layout.enclaveSocket
  return name === 'egress-relay' ? layout.relaySocket : `http://${config.host}:${config.port}`
}

/** Replaces the report as a whole, so that a reader never sees half of one. */
export function writeReport(layout: Layout, report: SupervisorReport): void {
  const draft = `${layout.stateFile}.${process.pid}`
  writeDraft(draft, `${JSON.stringify(report, undefined, 2)}\n`, 0o644)
  renameSync(draft, layout.stateFile)
}

/** The last report of a supervisor, which may have ended since; undefined when there is none. */
export function readReport(layout: Layout): SupervisorReport | undefined {
  try {
    return JSON.parse(readFileSync(layout.stateFile, 'utf8')) as SupervisorReport
  } catch {
    return undefined
  }
}
