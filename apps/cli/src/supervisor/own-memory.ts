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

const setDumpable = 4

/**
 * Closes the memory of this process to others of the same user; what it starts is not affected.
 *
 * @returns false where the system has no way to say so
 * @see {@link https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html}
 */
export function closeOwnMemory(): boolean {
  if (process.platform !== 'linux') return false
  try {
    const { functions } = withoutWarning(() =>
      process.getBuiltinModule('node:ffi').dlopen(null, {
        prctl: { return: 'int32', arguments: ['int32', 'uint64', 'uint64', 'uint64', 'uint64'] },
      }),
    )
    return functions.prctl(setDumpable, 0n, 0n, 0n, 0n) === 0
  } catch {
    return false
  }
}

/** That FFI is experimental is known: the version of Node is pinned. */
function withoutWarning<T>(work: () => T): T {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => undefined
  try {
    return work()
  } finally {
    process.emitWarning = emitWarning
  }
}
