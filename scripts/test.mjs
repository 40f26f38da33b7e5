/**
 * `npm test`: everything that needs no outside machine, in the order in which a failure is cheapest
 * to see. `npm test -- <vitest arguments>` runs only the test runner with those arguments.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const publishedPackages = [
  'packages/protocol',
  'packages/client',
  'packages/resource-server',
  'packages/testing',
]

const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' }
const run = (command, args) => spawnSync(command, args, { stdio: 'inherit', env }).status === 0

function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  const report = join(folder, 'report.json')
  try {
    const ok = run('vitest', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ])
    const counts = readCounts(report)
    // A run that dies before its report, or fails outside a test, must not look like a pass.
    return ok || counts.failed > 0 ? counts : { ...counts, failed: counts.failed + 1 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readCounts(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    return {
      passed: numPassedTests,
      failed: numFailedTests,
      skipped: numPendingTests + numTodoTests,
    }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const steps = [
  ['formatting', () => run('prettier', ['--check', '--log-level', 'warn', '.'])],
  ['lint', () => run('oxlint', [])],
  ['types', () => run('turbo', ['run', 'typecheck', '--output-logs=errors-only'])],
  ['build', () => run('turbo', ['run', 'build', '--output-logs=errors-only'])],
  [
    'package contents',
    () => publishedPackages.every((folder) => run('publint', ['--strict', folder])),
  ],
  [
    'package types',
    () =>
      publishedPackages.every((folder) =>
        run('attw', ['--quiet', '--profile', 'esm-only', '--pack', folder]),
      ),
  ],
  ['public surface', () => run('node', ['scripts/packages/api-report.mjs'])],
  ['packages outside of Node', () => run('node', ['scripts/packages/web-safe.mjs'])],
  [
    'unused code and undeclared dependencies',
    () =>
      run('knip', ['--exclude', 'types']) &&
      run('knip', ['--strict', '--exclude', 'types,exports']),
  ],
]

const vitestArguments = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }
const failures = []

if (vitestArguments.length === 0) {
  for (const [name, step] of steps) {
    console.log(`\n── ${String(name)}`)
    if (step()) total.passed += 1
    else {
      total.failed += 1
      failures.push(name)
    }
  }
  console.log('\n── tests')
}

const counts = runVitest(vitestArguments)
total.passed += counts.passed
total.failed += counts.failed
total.skipped += counts.skipped
if (counts.failed > 0) failures.push('tests')

if (failures.length > 0) console.log(`\nFailed: ${failures.join(', ')}`)
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
