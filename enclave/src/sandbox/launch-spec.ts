/** Which part of Holdfast a launched process is; decides what the launcher lets it keep. */
export type LaunchProfile = 'enclave' | 'relay' | 'control-plane' | 'probe'

/** Highest level that the launcher may try for; `auto` is the best that works. */
export type LaunchIsolation = 'auto' | 'networkless' | 'filtered' | 'process'

/** The one argument of the launcher, as JSON. Holds no secret: it is visible in the process list. */
export interface LaunchSpec {
  readonly profile: LaunchProfile
  /** Absolute path of the node binary that runs the worker. */
  readonly node: string
  readonly nodeArgs: readonly string[]
  /** Absolute path of the worker's main module. */
  readonly main: string
  readonly args: readonly string[]
  /** Files and folders that the worker may read, beyond what its profile needs to run at all. */
  readonly readOnly: readonly string[]
  /** Files and folders that it may read and write. */
  readonly readWrite: readonly string[]
  /** User, group and supplementary groups to drop to; only when started by root. */
  readonly uid?: number
  readonly gid?: number
  readonly groups?: readonly number[]
  /** Default `auto`. */
  readonly isolation?: LaunchIsolation
}

const profiles: readonly LaunchProfile[] = ['enclave', 'relay', 'control-plane', 'probe']
const isolations: readonly LaunchIsolation[] = ['auto', 'networkless', 'filtered', 'process']

/**
 * Reads a launch specification. Checked by hand, because the launcher loads no dependency: every
 * module it loads delays every start.
 *
 * @throws TypeError naming the field that is wrong
 */
export function parseLaunchSpec(text: string | undefined): LaunchSpec {
  const value: unknown = text === undefined ? undefined : JSON.parse(text)
  if (typeof value !== 'object' || value === null)
    throw new TypeError('launch: expected a JSON object')
  const fields = value as Record<string, unknown>
  const fail = (name: string): never => {
    throw new TypeError(`launch: ${name} is missing or malformed`)
  }
  const path = (name: string): string => {
    const field = fields[name]
    return typeof field === 'string' && field.startsWith('/') ? field : fail(name)
  }
  const strings = (name: string): string[] => {
    const field = fields[name]
    return Array.isArray(field) && field.every((item) => typeof item === 'string')
      ? field
      : fail(name)
  }
  const id = (name: string, field: unknown): number =>
    Number.isInteger(field) && Number(field) >= 0 ? Number(field) : fail(name)
  const oneOf = <T extends string>(name: string, allowed: readonly T[]): T =>
    allowed.find((item) => item === fields[name]) ?? fail(name)
  const { uid, gid, groups, isolation } = fields
  return {
    profile: oneOf('profile', profiles),
    node: path('node'),
    nodeArgs: strings('nodeArgs'),
    main: path('main'),
    args: strings('args'),
    readOnly: strings('readOnly'),
    readWrite: strings('readWrite'),
    ...(uid === undefined ? {} : { uid: id('uid', uid) }),
    ...(gid === undefined ? {} : { gid: id('gid', gid) }),
    ...(groups === undefined
      ? {}
      : {
          groups: Array.isArray(groups)
            ? groups.map((group) => id('groups', group))
            : fail('groups'),
        }),
    ...(isolation === undefined ? {} : { isolation: oneOf('isolation', isolations) }),
  }
}
