import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const programs = ['/usr/bin/unshare', '/bin/unshare']
const options = ['--user', '--map-current-user', '--keep-caps', '--mount', '--ipc', '--uts', '--']

/**
 * The command before which a program has to stand to run in a user namespace of its own, where an
 * ordinary user may make a private root; undefined where this machine does not allow it.
 *
 * Never for the enclave: whoever owns a user namespace may trace what is in it, also a process that
 * made itself non-dumpable.
 */
export function userNamespacePrefix(): string[] | undefined {
  const program = programs.find((path) => existsSync(path))
  if (program === undefined) return undefined
  const { status } = spawnSync(program, [...options, program, '--version'], { stdio: 'ignore' })
  return status === 0 ? [program, ...options] : undefined
}
