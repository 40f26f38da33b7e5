import { accessSync, constants, existsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Kernel, openKernel } from './ffi.ts'
import { launchFilter } from './filters.ts'
import { type PathRight, prepareLandlock } from './landlock.ts'
import type { LaunchSpec } from './launch-spec.ts'
import { enterNamespaces, type Namespaces } from './namespaces.ts'
import { enterPrivateRoot } from './private-root.ts'
import { dropPrivileges, forbidCoreDumps, forbidNewPrivileges } from './privileges.ts'
import { loadedLibraries, runtimePaths } from './runtime-paths.ts'
import { replaceProcess } from './replace-process.ts'
import { runAsChild } from './run-as-child.ts'
import { installFilter } from './seccomp.ts'
import { userNamespacePrefix } from './user-namespace.ts'
import { workerCommand } from './worker-command.ts'

/** What has been done to the process so far. */
interface Progress {
  readonly mechanisms: string[]
  readonly reasons: string[]
}

/** Argument with which the launcher starts itself again inside a user namespace. */
const inUserNamespace = '--in-user-namespace'

/**
 * Confines this process as far as the machine allows and replaces it by the worker. Each mechanism
 * that fails is skipped with a reason, which the worker's report carries: the launcher lowers the
 * level, it does not decide about it.
 *
 * Prints `{"event":"spawned","pid":n,"child":boolean}` first: `pid` is this process as the supervisor
 * sees it; with `child` the worker is its only child.
 *
 * @param argv the arguments after the specification
 * @throws Error when the worker cannot run at all as asked
 */
export async function launch(spec: LaunchSpec, argv: readonly string[]): Promise<void> {
  const progress: Progress = { mechanisms: [], reasons: [] }
  if (spec.isolation === 'process') {
    progress.reasons.push('asked for no more than process')
    return launchChild(spec, progress)
  }
  const access = openKernel()
  if ('reason' in access) {
    progress.reasons.push(access.reason)
    return launchChild(spec, progress)
  }
  const { kernel } = access
  const isInside = argv.includes(inUserNamespace)
  const prefix = wantsUserNamespace(spec) && !isInside ? userNamespacePrefix() : undefined
  if (prefix !== undefined) {
    const again = [...process.argv.slice(0, 2), JSON.stringify(spec), inUserNamespace]
    replaceProcess(kernel, spec.profile, [...prefix, ...again])
  }
  const paths = allPaths(spec)
  const namespaces = isolateNamespaces(kernel, spec, paths, progress, isInside)
  const command = workerCommand(spec, paths, {
    isolation: spec.isolation ?? 'auto',
    ...confine(kernel, spec, withForker(paths, namespaces), namespaces, progress),
  })
  const { forker } = namespaces
  announce(forker !== undefined)
  const line = forker === undefined ? command : [forker.path, ...forker.args, ...command]
  replaceProcess(kernel, spec.profile, line)
}

/** The way without system calls: a child that gets the same descriptors, and whose end is ours. */
async function launchChild(spec: LaunchSpec, { mechanisms, reasons }: Progress): Promise<void> {
  const identity: Pick<LaunchSpec, 'uid' | 'gid'> = isRoot() ? spec : {}
  if (identity.uid !== undefined) mechanisms.push('own-uid')
  const command = workerCommand(spec, allPaths(spec), { isolation: 'process', mechanisms, reasons })
  announce(true)
  process.exitCode = await runAsChild(command, identity)
}

const isRoot = (): boolean => process.geteuid?.() === 0

const announce = (child: boolean): void => {
  writeSync(1, `${JSON.stringify({ event: 'spawned', pid: process.pid, child })}\n`)
}

const wantsUserNamespace = ({ profile, isolation }: LaunchSpec): boolean =>
  !isRoot() && profile !== 'enclave' && isolation !== 'filtered'

function allPaths(spec: LaunchSpec): PathRight[] {
  const listed = [
    ...spec.readWrite.map((path) => ({ path, access: 'write' as const })),
    ...spec.readOnly.map((path) => ({ path, access: 'read' as const })),
  ]
  const missing = listed.find(({ path }) => !existsSync(path))
  if (missing !== undefined) throw new Error(`launch: ${missing.path} does not exist`)
  const runtime = runtimePaths(spec.profile, {
    repoRoot: join(import.meta.dirname, '../../..'),
    node: spec.node,
    main: spec.main,
    libraries: loadedLibraries(),
  })
  return [...listed, ...runtime]
}

function isolateNamespaces(
  kernel: Kernel,
  spec: LaunchSpec,
  paths: readonly PathRight[],
  { mechanisms, reasons }: Progress,
  isInside: boolean,
): Namespaces {
  const namespaces = isInside ? ownedNamespaces : ownNamespaces(kernel, spec)
  mechanisms.push(...namespaces.entered)
  reasons.push(...namespaces.reasons)
  if (namespaces.entered.length === 0) return namespaces
  try {
    enterPrivateRoot(kernel, withForker(paths, namespaces))
    mechanisms.push('private-root')
  } catch (error) {
    reasons.push(`private root: ${error instanceof Error ? error.message : 'failed'}`)
  }
  return namespaces
}

const ownedNamespaces: Namespaces = { entered: ['userns', 'ipcns', 'utsns'], reasons: [] }

function ownNamespaces(kernel: Kernel, { isolation, profile }: LaunchSpec): Namespaces {
  const without = (reason: string): Namespaces => ({ entered: [], reasons: [reason] })
  if (isolation === 'filtered') return without('asked for no more than filtered')
  if (!isRoot()) return without('namespaces need root')
  return enterNamespaces(kernel, profile === 'enclave' ? 'all' : 'files')
}

const withForker = (paths: readonly PathRight[], { forker }: Namespaces): PathRight[] =>
  forker === undefined ? [...paths] : [...paths, { path: forker.path, access: 'execute' }]

/** Everything that lasts through `execve`, in the one order in which each step is still allowed. */
function confine(
  kernel: Kernel,
  spec: LaunchSpec,
  paths: readonly PathRight[],
  namespaces: Namespaces,
  progress: Progress,
): Progress {
  const { mechanisms, reasons } = progress
  const record = (mechanism: string, failure: string | undefined): void => {
    if (failure === undefined) mechanisms.push(mechanism)
    else reasons.push(failure)
  }
  record('no-core', forbidCoreDumps(kernel))
  const landlock = prepareLandlock(kernel, { paths, denyTcp: spec.profile === 'enclave' })
  const failure = dropPrivileges(kernel, spec)
  if (failure !== undefined && spec.uid !== undefined) throw new Error(`launch: ${failure}`)
  record(spec.uid === undefined ? 'no-capabilities' : 'own-uid', failure)
  requireReachable(spec)
  record('no-new-privileges', forbidNewPrivileges(kernel))
  if ('reason' in landlock) reasons.push(landlock.reason)
  else {
    reasons.push(...landlock.reasons)
    record('landlock', landlock.enter())
  }
  const firstPid = 1
  const pids = namespaces.forker === undefined ? [process.pid] : [process.pid, firstPid]
  const filter = launchFilter(spec.profile, pids)
  record('seccomp', installFilter(kernel, filter, { allThreads: false }))
  return progress
}

/** @throws Error with the way out, because node's own message would only say that a module is missing */
function requireReachable({ node, main, readOnly, readWrite, uid }: LaunchSpec): void {
  const needed = [
    ...[node, main].map((path) => ({ path, access: constants.R_OK })),
    ...[...readOnly, ...readWrite].map((path) => ({ path, access: constants.F_OK })),
  ]
  for (const { path, access } of needed) {
    try {
      accessSync(path, access)
    } catch {
      const who = uid === undefined ? 'this user' : `user ${uid}`
      throw new Error(`launch: ${who} cannot reach ${path}; make it and its folders readable`)
    }
  }
}
