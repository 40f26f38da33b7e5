import { identityFingerprint } from '@holdfast/protocol'
import { z } from 'zod'
import type { Config } from '../config.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { httpGet } from '../http-get.ts'
import { layoutOf, type Role } from './layout.ts'
import { lockHolder } from './lock.ts'
import { type ProcessReport, readReport, type SupervisorReport } from './report.ts'

/** `ok` is what answers; `starting`, `restarting`, `refused` and `stopped` are as the supervisor says. */
interface ProcessStatus extends ProcessReport {
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
    keys: await currentKeys(reports.find(({ keys }) => keys !== null)?.keys ?? null, first.issuer),
  }
}

/** Nothing runs on the data folder. */
export const notRunning = ({ dataDir }: Config): CliError =>
  new CliError(`Holdfast does not run on ${dataDir}`, {
    exitCode: exitCodes.serverUnreachable,
    code: 'NOT_RUNNING',
    fix: 'start it with `holdfast up`, or name its folder with --data-dir',
  })

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

const publishedSchema = z.object({
  keys: z.array(z.object({ kid: z.string(), use: z.string().optional() })),
})

/** Ids of the keys that a document of the server names now; undefined when it does not answer. */
async function publishedKids(url: string, use?: string): Promise<string[] | undefined> {
  try {
    const { keys } = publishedSchema.parse((await httpGet(url)).json)
    return keys.filter((key) => use === undefined || key.use === use).map(({ kid }) => kid)
  } catch {
    return undefined
  }
}

/**
 * Key ids as the enclave named them at its start, brought up to date by what the server publishes, and
 * the fingerprint that people compare with the one that the command line shows.
 */
async function currentKeys(keys: unknown, issuer: string): Promise<unknown> {
  if (typeof keys !== 'object' || keys === null) return keys
  const identity = 'identity' in keys ? keys.identity : undefined
  const [sealing, signing] = await Promise.all([
    publishedKids(`${issuer}/.well-known/holdfast-sealing-keys.json`),
    publishedKids(`${issuer}/.well-known/jwks.json`, 'sig'),
  ])
  return {
    ...(typeof identity === 'string' && { fingerprint: await identityFingerprint(identity) }),
    ...keys,
    ...(sealing && { sealing }),
    ...(signing && { signing }),
  }
}
