import { existsSync, statSync } from 'node:fs'
import { isolationRank } from '@holdfast/protocol/enclave'
import { layoutOf } from '../supervisor/layout.ts'
import {
  type Check,
  type CheckContext,
  type CheckResult,
  failed,
  ok,
  skipped,
  warning,
} from './check.ts'

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0')

function nodeVersion(): CheckResult {
  const major = Number(process.versions.node.split('.')[0])
  return major >= 26
    ? ok(process.version)
    : failed(`${process.version} is too old`, 'start through npm, or install Node 26 or newer')
}

function running({ status, config }: CheckContext): CheckResult {
  if (status === undefined) {
    return failed(`nothing runs on ${config.dataDir}`, 'start it with `holdfast up`')
  }
  const sick = status.processes.filter(({ health }) => health !== 'ok')
  if (sick.length === 0) return ok(`${status.processes.length} processes, pid ${status.pid}`)
  const names = sick.map(({ name, health }) => `${name} is ${health}`).join(', ')
  return failed(names, `read ${sick[0]?.log ?? 'the logs'}`)
}

function folderModes({ config }: CheckContext): CheckResult {
  const { controlDir, enclaveDir } = layoutOf(config, 'all')
  const open = [controlDir, enclaveDir].filter(
    (folder) => existsSync(folder) && (statSync(folder).mode & 0o077) !== 0,
  )
  if (!existsSync(config.dataDir)) return skipped(`${config.dataDir} does not exist yet`)
  if (open.length === 0) return ok(config.dataDir)
  return failed(`others can enter ${open.join(' and ')}`, `chmod 700 ${open.join(' ')}`)
}

function keyModes({ config }: CheckContext): CheckResult {
  const { controlKey, rootKey } = layoutOf(config, 'all')
  const problems: { detail: string; fix: string }[] = []
  let unreadable = 0
  for (const file of [controlKey, rootKey]) {
    try {
      const { mode, size } = statSync(file)
      if (size !== 32) {
        problems.push({
          detail: `${file} has ${size} bytes, not 32`,
          fix: 'restore it from your backup',
        })
      } else if ((mode & 0o077) !== 0) {
        problems.push({ detail: `${file} has mode ${octal(mode)}`, fix: `chmod 600 ${file}` })
      }
    } catch {
      unreadable += 1
    }
  }
  const [first] = problems
  if (first !== undefined) {
    return failed(problems.map(({ detail }) => detail).join(', '), first.fix)
  }
  return unreadable > 0
    ? skipped('the keys do not exist yet, or belong to another user')
    : ok('both 32 bytes, readable by their owner only')
}

function isolation({ status, config }: CheckContext): CheckResult {
  const measured = status?.isolation
  if (!measured) return skipped('no enclave runs here')
  const detail = `${measured.level}, floor ${measured.floor}`
  if (isolationRank(measured.level) < isolationRank(config.enclaveMinIsolation)) {
    return failed(
      `${detail}: ${measured.reasons[0] ?? ''}`,
      'start as root for stronger isolation, or lower HOLDFAST_ENCLAVE_MIN_ISOLATION (see docs/isolation.md)',
    )
  }
  const succeeded = measured.attacks.filter(({ outcome }) => outcome === 'succeeded')
  if (succeeded.length === 0) return ok(`${detail}, ${measured.attacks.length} attacks denied`)
  const ids = [...new Set(succeeded.map(({ id }) => id))].join(', ')
  return warning(
    `${detail}; attacks that succeeded: ${ids}`,
    'what each means: `holdfast status` and docs/isolation.md; a start as root gives the most',
  )
}

/** What can be known without asking the server. */
export const localChecks: readonly Check[] = [
  { id: 'node', title: 'Node version', run: nodeVersion },
  { id: 'running', title: 'processes', run: running },
  { id: 'folders', title: 'data folder', run: folderModes },
  { id: 'keys', title: 'key files', run: keyModes },
  { id: 'isolation', title: 'isolation', run: isolation },
]
