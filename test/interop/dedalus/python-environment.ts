/** A Python environment that holds the pinned public clients and nothing else. */
import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const requirements = join(import.meta.dirname, 'requirements.txt')
const cache = resolve(import.meta.dirname, '../../../node_modules/.cache')

/** dedalus-mcp 0.7.0 uses `StrEnum` and exception groups. */
const oldestPython = [3, 11] as const

/**
 * Makes the environment, or finds the one that was made of the same requirements.
 *
 * @returns path of its Python
 * @throws Error when there is no suitable Python, or the package index cannot be reached
 */
export function pythonEnvironment(say: (line: string) => void): string {
  const base = findPython()
  const wanted = `${base.version}\n${readFileSync(requirements, 'utf8')}`
  const folder = join(cache, `holdfast-dedalus-${hash('sha256', wanted).slice(0, 12)}`)
  const python = join(folder, 'bin', 'python')
  const complete = join(folder, 'complete')
  if (existsSync(complete)) return python
  say('Installing the public Dedalus clients from PyPI, once only.')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  run(base.command, ['-m', 'venv', folder])
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
  run(python, ['-m', 'pip', 'install', ...quiet, '--no-deps', '-r', requirements])
  run(python, ['-m', 'pip', 'check', '--disable-pip-version-check'])
  writeFileSync(complete, '')
  return python
}

function findPython(): { readonly command: string; readonly version: string } {
  const [major, minor] = oldestPython
  for (const command of ['python3', 'python']) {
    const { stdout } = spawnSync(
      command,
      ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'],
      { encoding: 'utf8' },
    )
    const version = (stdout ?? '').trim()
    const [foundMajor = 0, foundMinor = 0] = version.split('.').map(Number)
    if (foundMajor === major && foundMinor >= minor) return { command, version }
  }
  throw new Error(`this needs Python ${major}.${minor} or newer as python3`)
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
}
