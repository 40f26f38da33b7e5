/**
 * The official suite's authorization scenarios for clients, against `@holdfast/client`: each set of
 * requirements with its extensions (DPoP, client credentials, ID-JAG, workload identity), and what
 * MCP had before. Scenarios without authorization test the official MCP client and are left out.
 */
import { join } from 'node:path'
import { officialSuite, type ScenarioResult } from '../official.ts'
import type { SuiteResult } from '../suite.ts'

const command = [
  process.execPath,
  '--conditions=@holdfast/source',
  '--no-warnings',
  join(import.meta.dirname, '../client-under-test.ts'),
].join(' ')

const runs = [
  { label: '2025-11-25', args: ['--requirements', '2025-11-25'] },
  { label: '2026-07-28', args: ['--requirements', '2026-07-28'] },
  { label: '2025-03-26', args: ['--suite', 'backcompat', '--spec-version', '2025-03-26'] },
] as const

const describe = (label: string, { name, passed, failed, reasons }: ScenarioResult): string =>
  [
    `${failed === 0 ? '✓' : '✗'} ${label} ${name}: ${passed} passed, ${failed} failed`,
    ...reasons,
  ].join('\n      ')

/** Runs every authorization scenario. */
export async function run(): Promise<SuiteResult> {
  const total = { passed: 0, failed: 0, warnings: 0 }
  const details: string[] = []
  for (const { label, args } of runs) {
    const scenarios = await officialSuite([
      'client',
      '--command',
      command,
      '--timeout',
      '120000',
      ...args,
    ])
    const authorization = scenarios.filter(({ name }) => name.startsWith('auth/'))
    if (authorization.length === 0) throw new Error(`no authorization scenario ran for ${label}`)
    for (const scenario of authorization) {
      total.passed += scenario.passed
      total.failed += scenario.failed
      total.warnings += scenario.warnings
      details.push(describe(label, scenario))
    }
  }
  return { name: 'client (authorization)', ...total, details }
}
