import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../config.ts'
import type { Identities, Identity } from './identities.ts'
import type { Layout, ProcessName } from './layout.ts'

/** What the launcher is told; it stands in argv and therefore holds no secret. */
export interface LaunchSpec {
  readonly profile: 'enclave' | 'relay' | 'control-plane' | 'probe'
  readonly node: string
  readonly nodeArgs: readonly string[]
  readonly main: string
  readonly args: readonly string[]
  readonly readOnly: readonly string[]
  readonly readWrite: readonly string[]
  readonly uid?: number
  readonly gid?: number
  readonly groups?: readonly number[]
  readonly isolation?: 'auto' | 'networkless' | 'filtered' | 'process'
}

/** What the supervisor starts: the three processes and the outside probe. */
export type Launchable = ProcessName | 'probe'

type Access = Pick<LaunchSpec, 'main' | 'profile' | 'readOnly' | 'readWrite'>

/** What each process may read and write beside its own code and Node, which the launcher adds. */
function accessTable(root: string, layout: Layout): Readonly<Record<Launchable, Access>> {
  const main = (...parts: string[]): string => path.join(root, ...parts)
  const controlPlane = { readOnly: [layout.dispatchDir], readWrite: [layout.controlDir] }
  return {
    'egress-relay': {
      profile: 'relay',
      main: main('apps', 'egress-relay', 'src', 'main.ts'),
      readOnly: [],
      readWrite: [layout.egressDir],
    },
    enclave: {
      profile: 'enclave',
      main: main('enclave', 'src', 'main.ts'),
      readOnly: [layout.egressDir],
      readWrite: [layout.dispatchDir],
    },
    'authorization-server': {
      profile: 'control-plane',
      main: main('apps', 'authorization-server', 'src', 'main.ts'),
      ...controlPlane,
    },
    probe: { profile: 'probe', main: main('enclave', 'src', 'probe.ts'), ...controlPlane },
  }
}

function identityOf(what: Launchable, identities: Identities): Identity {
  if (what === 'enclave') return identities.enclave
  return what === 'egress-relay' ? identities.relay : identities.controlPlane
}

// V8 waits for 3000 calls of a function. A server is slow for so many requests, and often idle before.
const compileSoon = '--invocation-count-for-turbofan=200'

/** How to start one of them under its profile. */
export function launchSpec(
  what: Launchable,
  options: {
    readonly root: string
    readonly layout: Layout
    readonly identities: Identities | undefined
    readonly isolation: Config['enclaveIsolation']
  },
): LaunchSpec {
  const identity = options.identities && identityOf(what, options.identities)
  const access = accessTable(options.root, options.layout)[what]
  // With one role per container not every folder is there; the launcher wants only what is.
  const present = (paths: readonly string[]): string[] => paths.filter((file) => existsSync(file))
  return {
    ...access,
    readOnly: present(access.readOnly),
    readWrite: present(access.readWrite),
    node: process.execPath,
    nodeArgs: ['--conditions=@holdfast/source', compileSoon],
    args: [],
    isolation: options.isolation,
    ...(identity && { uid: identity.uid, gid: identity.gid, groups: identity.groups }),
  }
}

export interface Command {
  readonly command: string
  readonly args: readonly string[]
}

/** The command line of the launcher for a spec. */
export const launcherCommand = (root: string, spec: LaunchSpec): Command => ({
  command: spec.node,
  args: [path.join(root, 'enclave', 'src', 'launcher.ts'), JSON.stringify(spec)],
})
