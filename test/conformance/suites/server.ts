/**
 * The official suite's server scenarios against servers of both official SDKs, once open and once
 * behind our guard with a proxy that adds tokens: the guard must change no result.
 */
import { officialSuite, type ScenarioResult } from '../official.ts'
import { type RunningServer, type ServerKind, startOpen, startProtected } from '../servers/start.ts'
import type { SuiteResult } from '../suite.ts'

const runs: ReadonlyArray<{ requirements: string; kind: ServerKind }> = [
  { requirements: '2025-11-25', kind: 'sessions' },
  { requirements: '2026-07-28', kind: 'stateless' },
]

const describe = (label: string, { name, passed, failed, reasons }: ScenarioResult): string =>
  [
    `${failed === 0 ? '✓' : '✗'} ${label} ${name}: ${passed} passed, ${failed} failed`,
    ...reasons,
  ].join('\n      ')

async function runAgainst(
  server: RunningServer,
  requirements: string,
): Promise<readonly ScenarioResult[]> {
  await using running = server
  return await officialSuite(['server', '--url', running.url, '--requirements', requirements])
}

const signature = ({ name, passed, failed, warnings }: ScenarioResult): string =>
  `${name} ${passed}/${failed}/${warnings}`

/** Runs each set of requirements twice and compares. */
export async function run(): Promise<SuiteResult> {
  const total = { passed: 0, failed: 0, warnings: 0 }
  const details: string[] = []
  for (const { requirements, kind } of runs) {
    const open = await runAgainst(await startOpen(kind), requirements)
    const guarded = await runAgainst(await startProtected(kind), requirements)
    if (open.length === 0) throw new Error(`no scenario ran for ${requirements}`)
    for (const [label, scenarios] of [
      ['open', open],
      ['protected', guarded],
    ] as const) {
      for (const scenario of scenarios.filter(({ isScored }) => isScored)) {
        total.passed += scenario.passed
        total.failed += scenario.failed
        total.warnings += scenario.warnings
        details.push(describe(`${requirements} ${label}`, scenario))
      }
    }
    const isEqual = open.map(signature).join('\n') === guarded.map(signature).join('\n')
    if (isEqual) total.passed += 1
    else total.failed += 1
    details.push(`${isEqual ? '✓' : '✗'} ${requirements}: protection changes no result`)
  }
  return { name: 'server', ...total, details }
}
