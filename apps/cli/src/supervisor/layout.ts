import path from 'node:path'
import type { Config } from '../config.ts'

const processNames = ['egress-relay', 'enclave', 'authorization-server'] as const
export type ProcessName = (typeof processNames)[number]

/** What one supervisor runs: everything, or one process (one container each in compose). */
export type Role = ProcessName | 'all'

/** Where everything lies below the data folder. */
export interface Layout {
  readonly dataDir: string
  /** Database and `control.key`: the control plane's alone. */
  readonly controlDir: string
  readonly controlKey: string
  /** Root key and keyring: the enclave's, opened by the supervisor, out of the control plane's reach. */
  readonly enclaveDir: string
  readonly rootKey: string
  readonly enclaveState: string
  readonly runDir: string
  readonly dispatchDir: string
  readonly enclaveSocket: string
  readonly egressDir: string
  readonly relaySocket: string
  readonly logDir: string
  readonly stateFile: string
  readonly lockFile: string
  /** Holds the set-up link for the supervisor's own user while there is no administrator. */
  readonly setupLinkFile: string
}

/** The layout of a data folder. Every role has its own lock and report, so that they can share `run/`. */
export function layoutOf(config: Pick<Config, 'dataDir' | 'rootKeyFile'>, role: Role): Layout {
  const below = (...parts: string[]): string => path.join(config.dataDir, ...parts)
  const suffix = role === 'all' ? '' : `-${role}`
  return {
    dataDir: config.dataDir,
    controlDir: below('control'),
    controlKey: below('control', 'control.key'),
    enclaveDir: below('enclave'),
    rootKey: config.rootKeyFile,
    enclaveState: below('enclave', 'state'),
    runDir: below('run'),
    dispatchDir: below('run', 'dispatch'),
    enclaveSocket: below('run', 'dispatch', 'enclave.sock'),
    egressDir: below('run', 'egress'),
    relaySocket: below('run', 'egress', 'relay.sock'),
    logDir: below('logs'),
    stateFile: below('run', `supervisor${suffix}.json`),
    lockFile: below('run', `supervisor${suffix}.lock`),
    setupLinkFile: below('run', 'setup-link'),
  }
}

/** The processes that a role runs, in the order of their start. */
export const processesOf = (role: Role): readonly ProcessName[] =>
  role === 'all' ? processNames : [role]
