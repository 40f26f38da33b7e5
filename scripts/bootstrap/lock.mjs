// One install at a time: a lock file beside node_modules (npm ci empties the folder itself).
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function holder(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    // An empty file is one between its creation and its first write: its owner lives.
    return Number.isInteger(pid) && pid > 0 ? pid : process.pid
  } catch {
    return undefined
  }
}

/** Takes the lock of a dead process away; gives it back if a living one slipped in between. */
function removeStale(file, deadPid) {
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
    if (holder(aside) !== deadPid) linkSync(aside, file)
    unlinkSync(aside)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
}

/** Runs `work` while holding the lock; calls `onWait(pid)` once if another process holds it. */
export async function withInstallLock(root, onWait, work) {
  const file = path.join(root, '.install.lock')
  for (let told = false; ;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const pid = holder(file)
    if (pid !== undefined && !isAlive(pid)) removeStale(file, pid)
    else {
      if (!told && pid !== undefined) onWait(pid)
      told = true
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  const release = () => {
    try {
      unlinkSync(file)
    } catch {
      // Already gone: nothing left to release.
    }
  }
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.removeListener('exit', release)
    release()
  }
}
