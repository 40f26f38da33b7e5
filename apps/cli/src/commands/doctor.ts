import { Command } from 'commander'
import type { CheckResult } from '../doctor/check.ts'
import { exitCodes } from '../exit-codes.ts'
import { asCalledHere, paint, print, printJson } from '../output.ts'
import { flagsOf, wantsJson } from './flags.ts'

const help = `
Exits with 9 when a check fails; warnings do not count.

Examples:
  $ holdfast doctor
  $ holdfast doctor --json | jq '.checks[] | select(.outcome=="failed")'`

const marks = { ok: '✓', warning: '▲', failed: '✗', skipped: '-' } as const
const styles = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' } as const

/** `holdfast doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .addHelpText('after', help)
    .action(async (_options, command: Command) => {
      const results = await runChecks(command)
      const failures = results.filter(({ outcome }) => outcome === 'failed').length
      if (wantsJson(command)) printJson({ ok: failures === 0, checks: results })
      else printResults(results)
      if (failures > 0) process.exitCode = exitCodes.checkFailed
    })
}

type NamedResult = CheckResult & { readonly id: string; readonly title: string }

async function runChecks(command: Command): Promise<NamedResult[]> {
  const [{ loadConfig }, { readStatus }, { localChecks }, { serverChecks }] = await Promise.all([
    import('../config.ts'),
    import('../supervisor/status.ts'),
    import('../doctor/local-checks.ts'),
    import('../doctor/server-checks.ts'),
  ])
  const { config, given } = loadConfig(flagsOf(command))
  const found = await readStatus(config)
  // What runs here may have been started with flags that only it knows.
  const issuer = found.running && given.issuer === undefined ? found.issuer : config.issuer
  const context = { config: { ...config, issuer }, status: found.running ? found : undefined }
  const results: NamedResult[] = []
  for (const { id, title, run } of [...localChecks, ...serverChecks]) {
    results.push({ id, title, ...(await run(context)) })
  }
  return results
}

function printResults(results: readonly NamedResult[]): void {
  for (const { outcome, title, detail, fix } of results) {
    print(`${paint(styles[outcome], marks[outcome])} ${title.padEnd(13)} ${detail}`)
    if (fix !== undefined) print(`  ${''.padEnd(13)} fix: ${asCalledHere(fix)}`)
  }
  const count = (wanted: CheckResult['outcome']): number =>
    results.filter(({ outcome }) => outcome === wanted).length
  print()
  print(`${count('ok')} passed, ${count('warning')} warnings, ${count('failed')} failed`)
}
