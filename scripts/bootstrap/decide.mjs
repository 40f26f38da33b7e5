// Is an install needed? Pure reading, so that a read-only folder can answer it too.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

export const platform = `${process.platform}-${process.arch}`

function readText(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function readJson(file) {
  try {
    return JSON.parse(readText(file) ?? '')
  } catch {
    return undefined
  }
}

export function stampPath(root) {
  return path.join(root, 'node_modules', '.holdfast-install.json')
}

export function lockHash(root) {
  const text = readText(path.join(root, 'package-lock.json')) ?? ''
  return createHash('sha256').update(text).digest('hex')
}

function fits(list, value) {
  if (!Array.isArray(list)) return true
  const denied = list.includes(`!${value}`)
  const named = list.filter((entry) => !entry.startsWith('!'))
  return !denied && (named.length === 0 || named.includes(value))
}

/** The packages of the lock file that belong on this machine. */
export function wantedPackages(root, { needsDev }) {
  const lock = readJson(path.join(root, 'package-lock.json'))
  return Object.entries(lock?.packages ?? {}).filter(
    ([name, entry]) =>
      name.startsWith('node_modules/') &&
      !entry.link &&
      (needsDev || !entry.dev) &&
      fits(entry.os, process.platform) &&
      fits(entry.cpu, process.arch),
  )
}

/**
 * Says why an install is needed, or undefined when it is not.
 * Our own stamp is the quick answer; without one (a hand-made `npm ci`, an image layer) npm's own record of
 * what it unpacked decides, so that such a tree is taken over and not installed again.
 */
export function installReason(root, { needsDev }) {
  const installed = readJson(path.join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return 'nothing is installed yet'
  const stamp = readJson(stampPath(root))
  if (stamp !== undefined) {
    if (stamp.platform !== platform) return `installed for ${stamp.platform}, this is ${platform}`
    return stamp.lockHash === lockHash(root) ? undefined : 'package-lock.json has changed'
  }
  const missing = wantedPackages(root, { needsDev }).find(
    ([name, entry]) => !entry.optional && installed.packages?.[name]?.version !== entry.version,
  )
  return missing === undefined ? undefined : `${missing[0]} is missing or of another version`
}
