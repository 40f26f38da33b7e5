import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { CliError } from '../src/errors.ts'
import { prepareFolders } from '../src/supervisor/folders.ts'
import { identitiesOf } from '../src/supervisor/identities.ts'
import { openEnclaveState, prepareKeys } from '../src/supervisor/keys.ts'
import { type Layout, layoutOf } from '../src/supervisor/layout.ts'
import { acquireLock } from '../src/supervisor/lock.ts'
import { LogFile } from '../src/supervisor/log-file.ts'
import { type SupervisorReport, writeReport } from '../src/supervisor/report.ts'
import { tempDir } from './temp-dir.ts'

// Whoever can write into a data folder before root starts on it, or as the control plane's user into its
// part, may plant links to files that only root can change.

function plant(): { layout: Layout; victim: string; link: (at: string) => void } {
  const dataDir = tempDir()
  const layout = layoutOf(loadConfig({ dataDir }, {}).config, 'all')
  const victim = path.join(tempDir(), 'victim')
  writeFileSync(victim, 'v'.repeat(32), { mode: 0o644 })
  chmodSync(victim, 0o644)
  prepareFolders(layout, undefined, 'all')
  return { layout, victim, link: (at) => symlinkSync(victim, at) }
}

function expectUntouched(victim: string): void {
  expect(readFileSync(victim, 'utf8')).toBe('v'.repeat(32))
  const { mode, uid } = statSync(victim)
  expect(mode & 0o777).toBe(0o644)
  expect(uid).toBe(process.getuid?.())
}

describe('links that somebody planted in the data folder', () => {
  it('do not make the enclave write its keyring over another file', () => {
    const { layout, victim, link } = plant()
    link(layout.enclaveState)
    expect(() => openEnclaveState(layout)).toThrow(CliError)
    expectUntouched(victim)
  })

  it.each(['controlKey', 'rootKey'] as const)('do not stand in for the %s', (which) => {
    const { layout, victim, link } = plant()
    link(layout[which])
    expect(() => prepareKeys(layout, identitiesOf(47_100), 'all')).toThrow(CliError)
    expectUntouched(victim)
  })

  it('may stand for a root key that the operator put elsewhere, as secret mounts do', () => {
    const { victim } = plant()
    chmodSync(victim, 0o600)
    const dataDir = tempDir()
    const mounted = path.join(tempDir(), 'root.key')
    symlinkSync(victim, mounted)
    const layout = { ...layoutOf(loadConfig({ dataDir }, {}).config, 'enclave'), rootKey: mounted }
    prepareFolders(layout, undefined, 'enclave')
    expect(() => prepareKeys(layout, undefined, 'enclave')).not.toThrow()
  })

  it('do not collect the log', () => {
    const { layout, victim, link } = plant()
    const file = path.join(layout.logDir, 'enclave.log')
    link(file)
    const log = new LogFile(file, 1000)
    log.write('{"a":1}\n')
    log.close()
    expectUntouched(victim)
    expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n')
  })

  it('do not collect the report or the lock', () => {
    const { layout, victim, link } = plant()
    link(`${layout.stateFile}.${process.pid}`)
    link(`${layout.lockFile}.${process.pid}`)
    writeReport(layout, { pid: 1 } as unknown as SupervisorReport)
    acquireLock(layout.lockFile)()
    expectUntouched(victim)
    expect(lstatSync(layout.stateFile).isFile()).toBe(true)
    expect(existsSync(layout.lockFile)).toBe(false)
  })

  it.skipIf(process.getuid?.() !== 0)('do not change hands together with the folder', () => {
    const { layout, victim, link } = plant()
    mkdirSync(layout.controlDir, { recursive: true })
    link(path.join(layout.controlDir, 'holdfast.db'))
    prepareFolders(layout, identitiesOf(47_100), 'all')
    expectUntouched(victim)
  })
})
