import { identityFingerprint } from '@holdfast/protocol'
import type { Config } from '../config.ts'
import { httpGet } from '../http-get.ts'
import { layoutOf, type Role } from './layout.ts'
import { lockHolder } from './lock.ts'
import { type ProcessReport, readReport, type SupervisorReport } from './report.ts'

/** `ok` is what answers; `starting`, `restarting`, `refused` and `stopped` are as the supervisor says. */
export interface ProcessStatus extends ProcessReport {
  readonly health: string
}

export interface RunningStatus extends Omit<SupervisorReport, 'processes'> {
  readonly running: true
  readonly processes: readonly ProcessStatus[]
}

const roles: readonly Role[] = ['all', 'egress-relay', 'enclave', 'authorization-server']

/** What runs on a data folder, one supervisor or one per process. */
export async function readStatus(config: Config): Promise<RunningStatus | { running: false }> {
  const reports = roles
    .map((role) => layoutOf(config, role))
    .filter((layout) => lockHolder(layout.lockFile) !== undefined)
    .map((layout) => readReport(layout))
    .filter((report) => report !== undefined)
  const [first] = reports
  if (first === undefined) return { running: false }
  const processes = await Promise.all(
    reports
      .flatMap((report) => report.processes.map((one) => ({ ...one, issuer: report.issuer })))
      .map(async ({ issuer, ...one }) => ({ ...one, health: await healthOf(one, issuer) })),
  )
  return {
    ...first,
    running: true,
    processes,
    isolation: reports.find(({ isolation }) => isolation !== null)?.isolation ?? null,
    keys: await withFingerprint(reports.find(({ keys }) => keys !== null)?.keys ?? null),
  }
}

async function healthOf(one: ProcessReport, issuer: string): Promise<string> {
  if (one.state !== 'ready') return one.state
  if (one.name !== 'authorization-server') return 'ok'
  try {
    const { status } = await httpGet(`${issuer}/healthz`)
    return status === 200 || status === 503 ? 'ok' : `answers ${status}`
  } catch {
    return 'unreachable'
  }
}

/** Adds what people compare with the fingerprint that the command line shows. */
async function withFingerprint(keys: unknown): Promise<unknown> {
  if (typeof keys !== 'object' || keys === null || !('identity' in keys)) return keys
  const { identity } = keys
  if (typeof identity !== 'string') return keys
  return { fingerprint: await identityFingerprint(identity), ...keys }
}
