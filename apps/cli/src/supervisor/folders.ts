import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import path from 'node:path'
import { CliError } from '../errors.ts'
import type { Identities } from './identities.ts'
import type { Layout, Role } from './layout.ts'
import { processesOf } from './layout.ts'

interface Folder {
  readonly path: string
  readonly mode: number
  /** Owner and group when root; absent = root. */
  readonly owner?: readonly [uid: number, gid: number] | undefined
  /** Also give the files inside to the owner: they may stem from a start under another user. */
  readonly withFiles?: boolean
}

/** Longest Unix socket path that the kernel takes, in bytes (`sun_path` less its NUL). */
const maxSocketPathBytes = process.platform === 'darwin' ? 103 : 107

function foldersOf(layout: Layout, identities: Identities | undefined, role: Role): Folder[] {
  const runs = new Set(processesOf(role))
  const controlPlane = identities?.controlPlane
  const enclave = identities?.enclave
  const relay = identities?.relay
  const all: readonly (Folder & { readonly wanted: boolean })[] = [
    { path: layout.dataDir, mode: 0o755, wanted: true },
    { path: layout.runDir, mode: 0o755, wanted: true },
    { path: layout.logDir, mode: 0o700, wanted: true },
    {
      path: layout.controlDir,
      mode: 0o700,
      owner: controlPlane && [controlPlane.uid, controlPlane.gid],
      withFiles: true,
      wanted: runs.has('authorization-server'),
    },
    { path: layout.enclaveDir, mode: 0o700, withFiles: true, wanted: runs.has('enclave') },
    {
      path: layout.dispatchDir,
      mode: 0o2750,
      owner: enclave && controlPlane && [enclave.uid, controlPlane.gid],
      wanted: runs.has('enclave'),
    },
    {
      path: layout.egressDir,
      mode: 0o2750,
      owner: relay && enclave && [relay.uid, enclave.gid],
      wanted: runs.has('egress-relay'),
    },
  ]
  return all.filter(({ wanted }) => wanted)
}

/**
 * Creates what is missing of the data folders and puts owners and modes right.
 *
 * @throws CliError when this user may not write there, or the path is too long for Unix sockets
 */
export function prepareFolders(
  layout: Layout,
  identities: Identities | undefined,
  role: Role,
): void {
  const longest = Buffer.byteLength(layout.enclaveSocket)
  if (longest > maxSocketPathBytes) {
    throw new CliError(`the data folder's path is too long for Unix sockets: ${layout.dataDir}`, {
      why: `${layout.enclaveSocket} has ${longest} bytes, the system allows ${maxSocketPathBytes}`,
      fix: 'set HOLDFAST_DATA_DIR (or --data-dir) to a shorter path',
    })
  }
  for (const folder of foldersOf(layout, identities, role)) prepareFolder(folder, identities)
}

function prepareFolder(folder: Folder, identities: Identities | undefined): void {
  try {
    makeFolder(folder.path)
    const stat = lstatSync(folder.path)
    if (!stat.isDirectory())
      throw new CliError(`${folder.path} is not a folder`, {
        fix: 'move it away, or choose another folder with --data-dir',
      })
    const [uid, gid] = folder.owner ?? [0, 0]
    if (identities !== undefined) {
      if (stat.uid !== uid || stat.gid !== gid) lchownSync(folder.path, uid, gid)
      if (folder.withFiles) giveFiles(folder.path, uid, gid)
    }
    // After the owner: chown clears the set-group bit.
    if ((lstatSync(folder.path).mode & 0o7777) !== folder.mode) chmodSync(folder.path, folder.mode)
  } catch (error) {
    if (error instanceof CliError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new CliError(`cannot use ${folder.path} (${code})`, {
      why: 'the data folder must belong to the user who starts Holdfast',
      fix: 'set HOLDFAST_DATA_DIR (or --data-dir) to a folder of yours, or start as its owner',
      cause: error,
    })
  }
}

/** With all that is missing above it. Node's own `recursive` never ends where the kernel refuses, as below /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(path.dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another start may have been quicker.
    if (!existsSync(folder)) throw error
  }
}

function giveFiles(folder: string, uid: number, gid: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isFile()) lchownSync(path.join(folder, entry.name), uid, gid)
  }
}

/** Removes the sockets that a killed run left behind; call it only while holding the lock. */
export function removeStaleSockets(layout: Layout, role: Role): void {
  const runs = new Set(processesOf(role))
  if (runs.has('enclave')) rmSync(layout.enclaveSocket, { force: true })
  if (runs.has('egress-relay')) rmSync(layout.relaySocket, { force: true })
}
