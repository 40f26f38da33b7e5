import { Command } from 'commander'
import type { CheckResult } from '../doctor/check.ts'
import { exitCodes } from '../exit-codes.ts'
import { asCalledHere, paint, print, printJson } from '../output.ts'
import { flagsOf, wantsJson } from './flags.ts'

const help = `
Without a URL it checks the installation on this machine and what its server publishes. With the URL of
an MCP server, or of an authorization server, it checks what clients meet there; nothing is signed in.
Exits with 9 when a check fails; warnings do not count.

Examples:
  $ holdfast doctor
  $ holdfast doctor https://mcp.example/mcp
  $ holdfast doctor https://auth.example
  $ holdfast doctor --json | jq '.checks[] | select(.outcome=="failed")'`

const marks = { ok: '✓', warning: '▲', failed: '✗', skipped: '-' } as const
const styles = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' } as const

/** `holdfast doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .argument('[url]', 'URL of an MCP server or of an authorization server')
    .addHelpText('after', help)
    .action(async (url: string | undefined, _options, command: Command) => {
      const found = url === undefined ? await runChecks(command) : await runRemoteChecks(url)
      const results = found.map(withCommandsOfHere)
      const failures = results.filter(({ outcome }) => outcome === 'failed').length
      if (wantsJson(command)) printJson({ ok: failures === 0, checks: results })
      else printResults(results)
      if (failures > 0) process.exitCode = exitCodes.checkFailed
    })
}

type NamedResult = CheckResult & { readonly id: string; readonly title: string }

const withCommandsOfHere = ({ fix, ...result }: NamedResult): NamedResult => ({
  ...result,
  ...(fix !== undefined && { fix: asCalledHere(fix) }),
})

async function runChecks(command: Command): Promise<NamedResult[]> {
  const [
    { loadConfig },
    { readStatus },
    { localChecks },
    { serverChecks },
    { outboundChecks },
    { issuerTarget },
    { remoteChecks },
  ] = await Promise.all([
    import('../config.ts'),
    import('../supervisor/status.ts'),
    import('../doctor/local-checks.ts'),
    import('../doctor/server-checks.ts'),
    import('../doctor/outbound-checks.ts'),
    import('../doctor/target.ts'),
    import('../doctor/remote-checks.ts'),
  ])
  const { config, given } = loadConfig(flagsOf(command))
  const found = await readStatus(config)
  // What runs here may have been started with flags that only it knows.
  const issuer = found.running && given.issuer === undefined ? found.issuer : config.issuer
  const context = { config: { ...config, issuer }, status: found.running ? found : undefined }
  const results: NamedResult[] = []
  for (const { id, title, run } of [...localChecks, ...outboundChecks, ...serverChecks]) {
    results.push({ id, title, ...(await run(context)) })
  }
  const target = await issuerTarget(issuer, [])
  // What does not answer at all has been said by the checks above.
  if (target.metadata === undefined) return results
  results.push(...target.found)
  for (const { id, title, run } of remoteChecks) {
    const isSaid = results.some((result) => result.id === id)
    if (!isSaid && id !== 'challenge') results.push({ id, title, ...(await run(target)) })
  }
  return results
}

async function runRemoteChecks(url: string): Promise<NamedResult[]> {
  const [{ findTarget }, { remoteChecks }] = await Promise.all([
    import('../doctor/target.ts'),
    import('../doctor/remote-checks.ts'),
  ])
  const target = await findTarget(url)
  const results = [...target.found]
  for (const { id, title, run } of remoteChecks) {
    results.push({ id, title, ...(await run(target)) })
  }
  // Of what does not answer, that nothing else could be asked says nothing.
  const isSilent = target.found.some(({ id }) => id === 'reachable')
  return isSilent ? results.filter(({ outcome }) => outcome !== 'skipped') : results
}

function printResults(results: readonly NamedResult[]): void {
  for (const { outcome, title, detail, fix } of results) {
    print(`${paint(styles[outcome], marks[outcome])} ${title.padEnd(15)} ${detail}`)
    if (fix !== undefined) print(`  ${''.padEnd(15)} fix: ${fix}`)
  }
  const count = (wanted: CheckResult['outcome']): number =>
    results.filter(({ outcome }) => outcome === wanted).length
  print()
  const warnings = count('warning')
  print(
    `${count('ok')} passed, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${count('failed')} failed`,
  )
}
