import { lstatSync, realpathSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PathRight } from './landlock.ts'
import { type LaunchRecord, launchRecordArgument } from './launch-record.ts'
import type { LaunchSpec } from './launch-spec.ts'

/** For every worker: a same-user `kill -USR1` must not open a debugger. */
const everywhere = [
  '--disable-sigusr1',
  '--disable-warning=ExperimentalWarning',
  // Says that --allow-ffi weakens --permission; the seal drops it before any key arrives.
  '--disable-warning=PERM0003',
]

/** For the enclave, whose few dependencies need none of these. */
const hardened = ['--disable-proto=delete', '--disallow-code-generation-from-strings']

/**
 * The worker's command line. For the enclave it turns on node's permission model with the listed
 * paths: no boundary against native code, but a second lock where the kernel has none.
 */
export function workerCommand(
  spec: LaunchSpec,
  paths: readonly PathRight[],
  record: LaunchRecord,
): string[] {
  const sealed = spec.profile === 'enclave' ? [...hardened, ...permissions(paths)] : []
  const preload = pathToFileURL(
    join(import.meta.dirname, `preload${extname(import.meta.filename)}`),
  ).href
  return [
    spec.node,
    ...everywhere,
    ...sealed,
    ...spec.nodeArgs,
    ...(record.isolation === 'process' ? [] : ['--import', preload]),
    spec.main,
    ...spec.args,
    launchRecordArgument(record),
  ]
}

function permissions(paths: readonly PathRight[]): string[] {
  const grant = (name: string, path: string): string =>
    `--allow-fs-${name}=${path}${statSync(path).isDirectory() ? '/*' : ''}`
  // Libraries are opened by the loader, which asks nobody.
  const files = paths.filter(({ access }) => access !== 'execute').map(({ path }) => path)
  const readable = new Set(files.flatMap((path) => [path, realpathSync(path)]))
  const links = new Set(files.flatMap(linksOnTheWay))
  const writable = paths.filter(({ access }) => access === 'write').map(({ path }) => path)
  return [
    '--permission',
    '--allow-net',
    '--allow-ffi',
    // Node forgets a path that is granted after one below it: links first, then shorter before longer.
    ...[...links].sort().map((path) => `--allow-fs-read=${path}`),
    ...[...readable].sort().map((path) => grant('read', path)),
    ...writable.map((path) => grant('write', path)),
  ]
}

/** Symbolic links that node's module resolution looks at, such as those of workspaces. */
function linksOnTheWay(path: string): string[] {
  const parts = path.split('/')
  const prefixes = parts.map((_, i) => parts.slice(0, i + 1).join('/')).slice(1)
  return prefixes.filter((prefix) => lstatSync(prefix).isSymbolicLink())
}
