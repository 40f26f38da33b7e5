import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, fstatSync, writeSync } from 'node:fs'
import { constants as osConstants } from 'node:os'
import { join } from 'node:path'
import { errnoName, type Kernel, openKernel } from './ffi.ts'
import { launchFilter } from './filters.ts'
import { type PathRight, prepareLandlock } from './landlock.ts'
import type { LaunchSpec } from './launch-spec.ts'
import { enterNamespaces, type Namespaces } from './namespaces.ts'
import { enterPrivateRoot } from './private-root.ts'
import { dropPrivileges, forbidCoreDumps, forbidNewPrivileges } from './privileges.ts'
import { loadedLibraries, runtimePaths } from './runtime-paths.ts'
import { installFilter } from './seccomp.ts'
import { workerCommand } from './worker-command.ts'

/** Exit status for a launch that can never work as asked; a supervisor does not try again. */
export const launchRefused = 78

/** File descriptors of the launch contract: standard streams, key pipe, state file. */
const passedDescriptors = [0, 1, 2, 3, 4]

/** What has been done to the process so far. */
interface Progress {
  readonly mechanisms: string[]
  readonly reasons: string[]
}

/**
 * Confines this process as far as the machine allows and replaces it by the worker. Each mechanism
 * that fails is skipped with a reason, which the worker's report carries: the launcher lowers the
 * level, it does not decide about it.
 *
 * Prints `{"event":"spawned","pid":n,"child":boolean}` first: `pid` is this process as the supervisor
 * sees it; with `child` the worker is its only child.
 *
 * @throws Error when the worker cannot run at all as asked
 */
export async function launch(spec: LaunchSpec): Promise<void> {
  const progress: Progress = { mechanisms: [], reasons: [] }
  if (spec.isolation === 'process') {
    progress.reasons.push('asked for no more than process')
    return spawnWorker(spec, progress)
  }
  const access = openKernel()
  if ('reason' in access) {
    progress.reasons.push(access.reason)
    return spawnWorker(spec, progress)
  }
  const { kernel } = access
  const paths = allPaths(spec)
  const namespaces = isolateNamespaces(kernel, spec, paths, progress)
  const command = workerCommand(spec, paths, {
    isolation: spec.isolation ?? 'auto',
    ...confine(kernel, spec, withForker(paths, namespaces), namespaces, progress),
  })
  keepDescriptors(kernel, spec)
  announce(process.pid, namespaces?.forker !== undefined)
  replaceProcess(kernel, namespaces?.forker, command)
}

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
): Namespaces | undefined {
  if (spec.isolation === 'filtered') return void reasons.push('asked for no more than filtered')
  if (process.geteuid?.() !== 0) return void reasons.push('namespaces need root')
  const namespaces = enterNamespaces(kernel, spec.profile === 'enclave' ? 'all' : 'files')
  reasons.push(...namespaces.reasons)
  if (namespaces.entered.length === 0) return undefined
  mechanisms.push(...namespaces.entered)
  try {
    enterPrivateRoot(kernel, withForker(paths, namespaces))
    mechanisms.push('private-root')
  } catch (error) {
    reasons.push(`private root: ${error instanceof Error ? error.message : 'failed'}`)
  }
  return namespaces
}

const withForker = (paths: readonly PathRight[], namespaces?: Namespaces): PathRight[] =>
  namespaces?.forker === undefined
    ? [...paths]
    : [...paths, { path: namespaces.forker.path, access: 'execute' }]

/** Everything that lasts through `execve`, in the one order in which each step is still allowed. */
function confine(
  kernel: Kernel,
  spec: LaunchSpec,
  paths: readonly PathRight[],
  namespaces: Namespaces | undefined,
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
  const pids = namespaces?.forker === undefined ? [process.pid] : [process.pid, firstPid]
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

/** Node marks inherited descriptors close-on-exec; those of the contract must stay, others must not. */
function keepDescriptors(kernel: Kernel, { profile }: LaunchSpec): void {
  const lastPassed = profile === 'enclave' ? 4 : 2
  const setFlags = 2
  for (let fd = 0; fd <= lastPassed; fd += 1) kernel.call('fcntl', fd, setFlags, 0)
  const closeOnExec = 4
  const everyOther = 0xffffffff
  kernel.call('close_range', lastPassed + 1, everyOther, closeOnExec)
}

const announce = (pid: number, child: boolean): void => {
  writeSync(1, `${JSON.stringify({ event: 'spawned', pid, child })}\n`)
}

/**
 * `execve(2)` itself: `process.execve` first runs exit hooks, which the filter may already stop.
 * Signals that node ignores stay ignored; the environment starts empty.
 */
function replaceProcess(
  kernel: Kernel,
  forker: Namespaces['forker'],
  command: readonly string[],
): never {
  const line = forker === undefined ? command : [forker.path, ...forker.args, ...command]
  const path = line[0] ?? ''
  const pointers = new BigUint64Array(line.length + 1)
  for (const [i, argument] of line.entries()) pointers[i] = kernel.place(argument)
  const noEnvironment = new Uint8Array(8)
  const result = kernel.call('execve', path, new Uint8Array(pointers.buffer), noEnvironment)
  const standardError = 2
  writeSync(standardError, `launch: cannot execute ${path}: ${errnoName(result)}\n`)
  // Under the filter node's own event loop, started before it, could not go on.
  kernel.call('exit_group', launchRefused)
  throw new Error('unreachable')
}

/** The way without system calls: a child that gets the same descriptors, and whose end is ours. */
async function spawnWorker(spec: LaunchSpec, { mechanisms, reasons }: Progress): Promise<void> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot && spec.uid !== undefined) mechanisms.push('own-uid')
  const command = workerCommand(spec, allPaths(spec), { isolation: 'process', mechanisms, reasons })
  const [node = spec.node, ...args] = command
  const child = spawn(node, args, {
    env: {},
    stdio: passedDescriptors.map((fd) => (isOpen(fd) ? fd : 'ignore')),
    ...(isRoot && spec.uid !== undefined ? { uid: spec.uid } : {}),
    ...(isRoot && spec.gid !== undefined ? { gid: spec.gid } : {}),
  })
  announce(process.pid, true)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal))
  }
  process.exitCode = await new Promise<number>((done, fail) => {
    child.once('error', fail)
    child.once('exit', (code, signal) => {
      done(code ?? 128 + (signal === null ? 0 : osConstants.signals[signal]))
    })
  })
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}
