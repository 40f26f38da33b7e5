// Runs `npm ci` when, and only when, what is installed does not match package-lock.json.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { installReason, lockHash, platform, stampPath, wantedPackages } from './decide.mjs'
import { BootstrapError } from './errors.mjs'
import { withInstallLock } from './lock.mjs'
import { startProgress } from './progress.mjs'

const say = (line) => process.stderr.write(`${line}\n`)

/** npm itself when it started us (same version, no PATH surprises), else the one on PATH. */
function npmCommand() {
  const execPath = process.env.npm_execpath
  return execPath !== undefined && path.basename(execPath).startsWith('npm-cli')
    ? [process.execPath, [execPath]]
    : ['npm', []]
}

function runNpmCi(root, onFetch) {
  const [command, prefix] = npmCommand()
  // `http` is npm's only level that tells how far it is; the lines are counted, never shown.
  const args = [...prefix, 'ci', '--no-fund', '--no-audit', '--loglevel=http']
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const lines = []
    let rest = ''
    const take = (chunk) => {
      const parts = (rest + chunk).split('\n')
      rest = parts.pop()
      for (const line of parts) {
        if (/\bhttp (fetch|cache)\b/.test(line) && !/ [45]\d\d /.test(line)) onFetch()
        else lines.push(line)
      }
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    const forward = (signal) => child.kill(signal)
    process.on('SIGINT', forward).on('SIGTERM', forward)
    child.on('error', (cause) =>
      reject(new BootstrapError(`npm cannot be run (${cause.code})`, 'install npm 9 or newer')),
    )
    child.on('close', (code, signal) => {
      process.removeListener('SIGINT', forward).removeListener('SIGTERM', forward)
      resolve({
        code: code ?? 130,
        interrupted: signal !== null,
        output: [...lines, rest].join('\n'),
      })
    })
  })
}

function fixFor(output) {
  if (/EACCES|EPERM|EROFS/.test(output))
    return 'this user may not write here: run `npm ci` once as the owner of the folder, or copy the folder'
  if (/ENOTFOUND|ETIMEDOUT|ECONNREFUSED|ECONNRESET|EAI_AGAIN/.test(output))
    return 'the package registry is not reachable: check the network and `npm config get registry`'
  if (/ENOSPC/.test(output)) return 'the disk is full: about 600 MB are needed'
  return 'see the npm output above; then run the same command again'
}

async function install(root, reason) {
  const startedAt = Date.now()
  const total = wantedPackages(root, { needsDev: true }).length
  say(`Installing ${total} packages with npm ci (${reason}). Once only, usually under a minute.`)
  const progress = startProgress(total)
  const result = await runNpmCi(root, progress.tick)
  progress.end()
  const seconds = Math.max(1, Math.round((Date.now() - startedAt) / 1000))
  if (result.interrupted) throw new BootstrapError('install interrupted', 'run it again', 130)
  if (result.code !== 0) {
    say(result.output.trim())
    throw new BootstrapError(`npm ci failed after ${seconds} s`, fixFor(result.output))
  }
  writeStamp(root)
  say(`Installed in ${seconds} s.`)
}

/** The stamp only saves time: where it cannot be written, npm's own record answers the next time. */
function writeStamp(root) {
  const stamp = { lockHash: lockHash(root), platform }
  try {
    writeFileSync(stampPath(root), `${JSON.stringify(stamp)}\n`)
  } catch (error) {
    if (!['EACCES', 'EROFS', 'EPERM'].includes(error.code)) throw error
  }
}

/** Makes sure that the packages of package-lock.json are installed for this platform; at most one `npm ci`. */
export async function ensureInstalled(root, { needsDev }) {
  if (installReason(root, { needsDev }) === undefined) return
  const onWait = (pid) => say(`Another install (pid ${pid}) is running here; waiting for it.`)
  try {
    await withInstallLock(root, onWait, async () => {
      const reason = installReason(root, { needsDev })
      if (reason !== undefined) await install(root, reason)
    })
  } catch (cause) {
    if (cause instanceof BootstrapError) throw cause
    throw new BootstrapError(
      `packages are missing and ${root} cannot be written (${cause.code ?? cause.message})`,
      'run `npm ci` there once as the owner of the folder',
    )
  }
}
