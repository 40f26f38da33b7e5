import type { LaunchIsolation } from './launch-spec.ts'

/** What the launcher did, told to the worker as its last argument. */
export interface LaunchRecord {
  readonly isolation: LaunchIsolation
  /** Mechanisms that took hold, such as `netns` or `landlock`. A claim, not a proof: see the self-test. */
  readonly mechanisms: readonly string[]
  /** Why others did not, one sentence each. */
  readonly reasons: readonly string[]
}

const prefix = '--launched='

/** The worker's argument that carries a record. */
export const launchRecordArgument = (record: LaunchRecord): string =>
  `${prefix}${JSON.stringify(record)}`

/** The record of this process; a process that no launcher started gets an empty one with a reason. */
export function readLaunchRecord(argv: readonly string[] = process.argv): LaunchRecord {
  const argument = argv.findLast((item) => item.startsWith(prefix))
  if (argument === undefined) {
    return { isolation: 'process', mechanisms: [], reasons: ['not started by the launcher'] }
  }
  return JSON.parse(argument.slice(prefix.length)) as LaunchRecord
}
