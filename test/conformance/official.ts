/** Runs the official suite's command and reads what it writes. */
import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

const program = join(
  import.meta.dirname,
  'node_modules/@modelcontextprotocol/conformance/dist/index.js',
)

/** One scenario as the suite's summary has it. */
export interface ScenarioResult {
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly warnings: number
  /** False where the suite runs it and the requirements do not count it. */
  readonly isScored: boolean
  /** Why checks failed. */
  readonly reasons: readonly string[]
}

/**
 * Runs `conformance <args>` of a kind that ends in a summary of scenarios.
 *
 * @throws Error when there is no summary, with what the suite said instead
 */
export async function officialSuite(args: readonly string[]): Promise<readonly ScenarioResult[]> {
  const output = mkdtempSync(join(tmpdir(), 'holdfast-conformance-'))
  try {
    const said = await run([...args, '--verbose', '--output-dir', output])
    const [, summary] = said.split(/=== (?:SUITE )?SUMMARY ===/)
    if (summary === undefined) throw new Error(`the suite ended without a summary:\n${said}`)
    return readSummary(summary)
  } finally {
    rmSync(output, { recursive: true, force: true })
  }
}

/** One check as the suite writes it down. */
export interface Check {
  readonly name: string
  readonly status: string
  readonly errorMessage?: string
}

/**
 * Runs `conformance <args>` of a kind whose summary leaves warnings out, and reads every check.
 *
 * @param hear gets each line while the suite runs
 * @throws Error when nothing was checked, with what the suite said instead
 */
export async function officialChecks(
  args: readonly string[],
  hear: (line: string) => void,
): Promise<readonly Check[]> {
  const output = mkdtempSync(join(tmpdir(), 'holdfast-conformance-'))
  try {
    const said = await run([...args, '--output-dir', output], hear)
    const checks = globSync('**/checks.json', { cwd: output })
      .sort()
      .flatMap((file) => JSON.parse(readFileSync(join(output, file), 'utf8')) as Check[])
    if (checks.length === 0) throw new Error(`the suite ended without a check:\n${said}`)
    return checks
  } finally {
    rmSync(output, { recursive: true, force: true })
  }
}

async function run(args: readonly string[], hear?: (line: string) => void): Promise<string> {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  if (hear !== undefined) createInterface({ input: child.stdout }).on('line', hear)
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)])
  return `${out}${error}`
}

const scenarioLine = /^[✓✗] (\S+): (\d+) passed, (\d+) failed(?:, (\d+) warnings)?$/

function readSummary(summary: string): readonly ScenarioResult[] {
  const scenarios: (ScenarioResult & { readonly reasons: string[] })[] = []
  const [, unscored = ''] = summary.split('\nNot scored ')
  const notCounted = new Set([...unscored.matchAll(/^ *✗ (\S+) \(/gm)].map(([, name]) => name))
  for (const line of summary.split('\n')) {
    const [, name, passed, failed, warnings = 0] = scenarioLine.exec(line) ?? []
    if (name !== undefined) {
      const counts = {
        passed: Number(passed),
        failed: Number(failed),
        warnings: Number(warnings),
      }
      scenarios.push({ name, ...counts, isScored: !notCounted.has(name), reasons: [] })
    } else if (line.startsWith('    - ')) scenarios.at(-1)?.reasons.push(line.trim())
    else if (line.startsWith('Total:')) break
  }
  return scenarios
}
