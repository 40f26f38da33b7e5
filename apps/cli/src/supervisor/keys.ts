import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lchownSync,
  linkSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { CliError } from '../errors.ts'
import type { Identities, Identity } from './identities.ts'
import type { Layout, Role } from './layout.ts'
import { processesOf } from './layout.ts'
import { openOwn, refuseLink } from './planted-links.ts'

const keyBytes = 32

/**
 * Creates the keys that are missing; never replaces one that protects data.
 *
 * @throws CliError when a key is lost or damaged
 */
export function prepareKeys(layout: Layout, identities: Identities | undefined, role: Role): void {
  const runs = new Set(processesOf(role))
  if (runs.has('authorization-server')) {
    const database = path.join(layout.controlDir, 'holdfast.db')
    prepareKey(layout.controlKey, database, identities?.controlPlane)
  }
  if (runs.has('enclave')) prepareKey(layout.rootKey, layout.enclaveState)
}

/**
 * @param guards - a file that can only be read with this key
 * @param owner - who shall own the key; absent = whoever does
 */
function prepareKey(file: string, guards: string, owner?: Identity): void {
  if (!existsSync(file)) {
    if (existsSync(guards) && statSync(guards).size > 0) {
      throw new CliError(`${file} is missing, but ${guards} needs it`, {
        why: 'a new key could not open what the lost one protected',
        fix: `restore ${path.basename(file)} from your backup; or, to start empty, move ${guards} away`,
      })
    }
    writeKey(file)
  }
  // A key that the operator put elsewhere is left as it is, and secret mounts consist of links.
  const isOurs = isInside(file, path.dirname(guards))
  if (isOurs) refuseLink(file)
  const { size, mode, uid } = statSync(file)
  if (size !== keyBytes) {
    throw new CliError(`${file} has ${size} bytes, a key has ${keyBytes}`, {
      fix: 'restore it from your backup',
    })
  }
  const mine = process.getuid?.() === uid || process.getuid?.() === 0
  if ((mode & 0o077) !== 0 && mine && isOurs) chmodSync(file, 0o600)
  if (owner !== undefined) lchownSync(file, owner.uid, owner.gid)
}

const isInside = (file: string, folder: string): boolean => path.dirname(file) === folder

/** Whole or not at all: a crash must not leave a short key that the next start would trust. */
function writeKey(file: string): void {
  const draft = `${file}.${process.pid}`
  const key = randomBytes(keyBytes)
  const fd = openSync(draft, 'wx', 0o600)
  try {
    writeSync(fd, key)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
    key.fill(0)
  }
  linkSync(draft, file)
  unlinkSync(draft)
}

/** The root key's bytes; the caller wipes them after delivery. */
export function readRootKey(layout: Layout): Buffer {
  return readFileSync(layout.rootKey)
}

/** The enclave's state file, opened for it: it can neither open files nor call fsync by itself. */
export function openEnclaveState(layout: Layout): number {
  return openOwn(
    layout.enclaveState,
    constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC,
    0o600,
  )
}
