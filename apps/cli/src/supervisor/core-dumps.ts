import { spawnSync } from 'node:child_process'

/**
 * Keeps this process, which holds the root key while it hands it over, out of core dumps, and with it
 * every process that it starts. The limit is one byte because zero does not stop a `core_pattern` that
 * is a pipe, while one does, and is too little for a file.
 *
 * @returns false where the system has no way to say so
 * @see {@link https://man7.org/linux/man-pages/man5/core.5.html}
 */
export function forbidCoreDumps(): boolean {
  if (process.platform !== 'linux') return false
  const { status } = spawnSync('prlimit', [`--pid=${process.pid}`, '--core=1:1'], {
    stdio: 'ignore',
    timeout: 5000,
  })
  return status === 0
}
