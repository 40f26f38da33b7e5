/**
 * `npm run test:conformance [-- server|client|authorization …]`: the official MCP conformance suites
 * against our own programs. Exits with 1 when a check fails. Bootstrap installs the suites' package.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'
import type { Suite, SuiteResult } from './suite.ts'

const folder = join(import.meta.dirname, 'suites')
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort()

async function runSuite(name: string): Promise<SuiteResult> {
  console.log(`\n${styleText('bold', name)}`)
  try {
    const suite = (await import(join(folder, `${name}.ts`))) as Suite
    const result = await suite.run()
    for (const line of result.details) console.log(`  ${line}`)
    return result
  } catch (error) {
    // A suite that dies must not look like one that passed.
    console.log(
      `  ${styleText('red', '✗')} ${error instanceof Error ? error.message : String(error)}`,
    )
    return { name, passed: 0, failed: 1, warnings: 0, details: [] }
  }
}

function printTable(results: readonly SuiteResult[]): void {
  const row = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, index) => (index === 0 ? String(cell).padEnd(40) : String(cell).padStart(10)))
      .join('')
  console.log(`\n${styleText('bold', row(['suite', 'passed', 'failed', 'warnings']))}`)
  for (const { name, passed, failed, warnings } of results) {
    console.log(row([name, passed, failed, warnings]))
  }
}

const sum = (results: readonly SuiteResult[], field: 'passed' | 'failed'): number =>
  results.reduce((total, result) => total + result[field], 0)

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    console.error(`unknown suite ${JSON.stringify(unknown)}; there are ${known.join(', ')}`)
    return 2
  }
  const results: SuiteResult[] = []
  for (const name of wanted.length > 0 ? wanted : known) results.push(await runSuite(name))
  printTable(results)
  const failed = sum(results, 'failed')
  console.log(`\n${sum(results, 'passed')} passed, ${failed} failed`)
  return failed === 0 && sum(results, 'passed') > 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
