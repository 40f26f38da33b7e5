import { openKernel } from './ffi.ts'
import { noSpawnFilter } from './filters.ts'
import { setNotDumpable } from './privileges.ts'
import { installFilter } from './seccomp.ts'

// Loaded with --import before the worker's main module. The launcher cannot do these: execve makes a
// process dumpable again, and a filter that refuses to start programs would refuse the worker itself.
const access = openKernel()
if ('kernel' in access) {
  setNotDumpable(access.kernel)
  installFilter(access.kernel, noSpawnFilter, { allThreads: true })
  access.kernel.close()
}
