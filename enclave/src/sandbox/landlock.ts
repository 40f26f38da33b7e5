import { closeSync, constants, openSync, realpathSync, statSync } from 'node:fs'
import { errnoName, type Kernel } from './ffi.ts'

/** What a path may be used for; everything else below it, and everything not listed, is refused. */
export interface PathRight {
  readonly path: string
  readonly access: 'read' | 'execute' | 'write'
}

const fs = {
  execute: 1 << 0,
  writeFile: 1 << 1,
  readFile: 1 << 2,
  readDir: 1 << 3,
  removeDir: 1 << 4,
  removeFile: 1 << 5,
  makeDir: 1 << 7,
  makeRegular: 1 << 8,
  makeSocket: 1 << 9,
  truncate: 1 << 14,
}
const fileRights = fs.execute | fs.writeFile | fs.readFile | fs.truncate
const reading = fs.readFile | fs.readDir
const rights = {
  read: reading,
  execute: reading | fs.execute,
  write:
    reading |
    fs.writeFile |
    fs.removeDir |
    fs.removeFile |
    fs.makeDir |
    fs.makeRegular |
    fs.makeSocket |
    fs.truncate,
}

/** All file rights that an ABI version knows: what is not handled is not restricted. */
const handledFileRights = (abi: number): number =>
  abi >= 5 ? 0xffff : abi >= 3 ? 0x7fff : abi >= 2 ? 0x3fff : 0x1fff

const tcpBindAndConnect = 3
const abstractSocketsAndSignals = 3
const onlyPath = 0x200000

/** A Landlock domain that is ready to be entered. */
export interface LandlockDomain {
  /** Confines the calling thread for good; call it just before `execve`. Returns a reason on refusal. */
  enter(): string | undefined
  /** What this kernel's version of Landlock leaves open. */
  readonly reasons: readonly string[]
}

/** Options of {@link prepareLandlock}. */
export interface LandlockOptions {
  readonly paths: readonly PathRight[]
  /** Also refuse TCP; default false. */
  readonly denyTcp: boolean
}

/**
 * Builds a Landlock domain with exactly the listed paths. It also keeps its processes from tracing,
 * and where the kernel knows how from signalling, any process outside.
 *
 * @returns the domain, or a reason when this kernel has no Landlock
 * @see {@link https://docs.kernel.org/userspace-api/landlock.html}
 */
export function prepareLandlock(
  kernel: Kernel,
  options: LandlockOptions,
): LandlockDomain | { readonly reason: string } {
  const versionFlag = 1
  const abi = kernel.call('landlock_create_ruleset', 0, 0, versionFlag)
  if (abi < 1) return { reason: `landlock: ${errnoName(abi)}` }
  const attributes = new Uint8Array(abi >= 6 ? 24 : abi >= 4 ? 16 : 8)
  const view = new DataView(attributes.buffer)
  const handled = handledFileRights(abi)
  view.setBigUint64(0, BigInt(handled), true)
  if (abi >= 4 && options.denyTcp) view.setBigUint64(8, BigInt(tcpBindAndConnect), true)
  if (abi >= 6) view.setBigUint64(16, BigInt(abstractSocketsAndSignals), true)
  const ruleset = kernel.call('landlock_create_ruleset', attributes, attributes.length, 0)
  if (ruleset < 0) return { reason: `landlock: ${errnoName(ruleset)}` }
  const reasons =
    abi >= 6 ? [] : [`landlock version ${abi} does not cover abstract sockets and signals`]
  for (const right of options.paths) {
    const failure = allowPath(kernel, ruleset, right, handled)
    if (failure !== undefined) reasons.push(failure)
  }
  return {
    reasons,
    enter: () => {
      const result = kernel.call('landlock_restrict_self', ruleset, 0)
      return result === 0 ? undefined : `landlock: ${errnoName(result)}`
    },
  }
}

function allowPath(
  kernel: Kernel,
  ruleset: number,
  { path, access }: PathRight,
  handled: number,
): string | undefined {
  let fd: number
  let isFolder: boolean
  try {
    const target = realpathSync(path)
    isFolder = statSync(target).isDirectory()
    fd = openSync(target, onlyPath | constants.O_RDONLY)
  } catch {
    return undefined
  }
  const rule = new Uint8Array(12)
  const view = new DataView(rule.buffer)
  const allowed = rights[access] & handled & (isFolder ? ~0 : fileRights)
  view.setBigUint64(0, BigInt(allowed), true)
  view.setInt32(8, fd, true)
  const pathBeneath = 1
  const result = kernel.call('landlock_add_rule', ruleset, pathBeneath, rule, 0)
  closeSync(fd)
  return result === 0 ? undefined : `landlock rule for ${path}: ${errnoName(result)}`
}
