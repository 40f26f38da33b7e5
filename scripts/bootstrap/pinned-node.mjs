// Finds the Node that this project is pinned to. It comes through npm, one package per platform.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { BootstrapError } from './errors.mjs'

const oldestMajor = 26

const major = (version) => Number(version.replace(/^v/, '').split('.')[0])

function pinnedBinary(root) {
  const suffix = `${process.platform}-${process.arch}`
  for (const name of [`node-${suffix}`, `node-bin-${suffix}`]) {
    const folder = path.join(root, 'node_modules', name)
    const binary = path.join(folder, 'bin', 'node')
    try {
      accessSync(binary, constants.X_OK)
      const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
      return { binary, version }
    } catch {
      // Not this name: some platforms publish under the other one.
    }
  }
  return undefined
}

/** A binary may be there and still not run: the packages are built for glibc, Alpine has musl. */
function runs(binary) {
  return spawnSync(binary, ['--version'], { encoding: 'utf8' }).status === 0
}

/** Absolute path of the Node to run everything on. */
export function findNode(root) {
  const pinned = pinnedBinary(root)
  if (pinned !== undefined && major(pinned.version) >= oldestMajor && runs(pinned.binary))
    return pinned.binary
  if (major(process.version) >= oldestMajor) return process.execPath
  throw new BootstrapError(
    pinned === undefined
      ? `no Node ${oldestMajor} package for ${process.platform}-${process.arch}, and this Node is ${process.version}`
      : `the bundled Node ${pinned.version} does not run on this system (not glibc?)`,
    `install Node ${oldestMajor} or newer from https://nodejs.org and run the same command with it`,
  )
}
