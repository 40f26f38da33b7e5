import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { enclaveDependencies } from '../dependencies.ts'
import type { PathRight } from './landlock.ts'
import type { LaunchProfile } from './launch-spec.ts'

/** Where the parts of a running Holdfast are found. */
export interface RuntimeLocations {
  readonly repoRoot: string
  readonly node: string
  readonly main: string
  /** Shared libraries as the loader names them. */
  readonly libraries: readonly string[]
}

/** What the relay imports beside Node. */
const relayDependencies = ['@holdfast/egress-guard']

/** Opened for writing as well: programs throw output away there. */
const nullDevice = '/dev/null'
const devices = ['/dev/zero', '/dev/random', '/dev/urandom']
const opensslConfiguration = '/etc/ssl/openssl.cnf'
const nameResolution = [
  '/etc/resolv.conf',
  '/etc/hosts',
  '/etc/nsswitch.conf',
  '/etc/host.conf',
  '/etc/gai.conf',
  '/etc/services',
]

/**
 * The paths that a worker needs to run at all, by profile: the node binary with its libraries, its
 * own sources, and the packages that it may import. Paths that do not exist are left out.
 */
export function runtimePaths(profile: LaunchProfile, locations: RuntimeLocations): PathRight[] {
  const { repoRoot, node, main, libraries } = locations
  const here = import.meta.dirname
  const enclaveSources = [join(here, '../../package.json'), join(here, '..')]
  const networked = profile !== 'enclave'
  const isControlPlane = profile === 'control-plane' || profile === 'probe'
  const read = [
    ...devices,
    opensslConfiguration,
    join(repoRoot, 'package.json'),
    ...enclaveSources,
    ...ownSources(main, enclaveSources),
    ...(networked ? nameResolution : []),
    ...(profile === 'enclave' ? packagesOf(repoRoot, enclaveDependencies) : []),
    ...(profile === 'relay' ? packagesOf(repoRoot, relayDependencies) : []),
    ...(isControlPlane ? controlPlaneSources(repoRoot) : []),
  ]
  const run = [
    node,
    ...libraries,
    // glibc loads its name service modules by name, so the names cannot be listed beforehand.
    ...(networked ? libraryFolders(libraries) : []),
    // Native addons are mapped like libraries; on a mount without execution they cannot be.
    ...(isControlPlane ? [join(repoRoot, 'node_modules')] : []),
  ]
  return [
    { path: nullDevice, access: 'write' as const },
    ...run.map((path) => ({ path, access: 'execute' as const })),
    ...read.map((path) => ({ path, access: 'read' as const })),
  ].filter(({ path }) => existsSync(path))
}

/** Shared libraries that this process has loaded, which are those of any other node of the same file. */
export function loadedLibraries(): string[] {
  // Otherwise the report looks up the names of all connected hosts, which can take seconds.
  Object.assign(process.report, { excludeNetwork: true })
  const report: unknown = process.report.getReport()
  const { sharedObjects } = report as { sharedObjects: string[] }
  return sharedObjects.filter((path) => path.startsWith('/'))
}

function ownSources(main: string, covered: readonly string[]): string[] {
  const folder = dirname(main)
  if (covered.some((path) => folder === path || folder.startsWith(`${path}/`))) return []
  const inSources = /^(.*)\/(?:src|dist)(?:\/|$)/.exec(folder)?.[1]
  if (inSources === undefined || !existsSync(join(inSources, 'package.json'))) return [folder]
  return [join(inSources, 'package.json'), join(inSources, 'src'), join(inSources, 'dist')].concat(
    join(inSources, 'node_modules'),
  )
}

/** Folders of the listed packages, an own copy below `enclave/` before a hoisted one. */
function packagesOf(repoRoot: string, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const own = join(import.meta.dirname, '../../node_modules', name)
    const folder = existsSync(own) ? own : join(repoRoot, 'node_modules', name)
    const nested = join(folder, 'package.json')
    return existsSync(nested) ? packageContent(folder) : []
  })
}

/** Of our own packages only what runs, so that tests and build settings stay outside. */
function packageContent(folder: string): string[] {
  const { private: isPrivate, name } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { private?: boolean; name: string }
  if (isPrivate !== true && !name.startsWith('@holdfast/')) return [folder]
  return ['package.json', 'src', 'dist'].map((part) => join(folder, part))
}

function controlPlaneSources(repoRoot: string): string[] {
  const parts = ['packages', 'migrations', 'apps/authorization-server']
  return parts.map((part) => join(repoRoot, part))
}

const libraryFolders = (libraries: readonly string[]): string[] => [
  ...new Set(libraries.filter((path) => path.includes('/libc.')).map((path) => dirname(path))),
]
