import { Command } from 'commander'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { commandName, paint, print, printJson, printTable } from '../output.ts'
import type { RunningStatus } from '../supervisor/status.ts'
import { flagsOf, wantsJson } from './flags.ts'

const help = `
Exits with 8 when nothing runs on the data folder.

Examples:
  $ holdfast status
  $ holdfast status --json | jq .isolation.level`

/** `holdfast status` */
export function statusCommand(): Command {
  return new Command('status')
    .addHelpText('after', help)
    .action(async (_options, command: Command) => {
      const [{ loadConfig }, { readStatus }] = await Promise.all([
        import('../config.ts'),
        import('../supervisor/status.ts'),
      ])
      const { config } = loadConfig(flagsOf(command))
      const status = await readStatus(config)
      if (!status.running) {
        throw new CliError(`Holdfast does not run on ${config.dataDir}`, {
          exitCode: exitCodes.serverUnreachable,
          code: 'NOT_RUNNING',
          fix: `start it with \`${commandName()} up\`, or name its folder with --data-dir`,
        })
      }
      return wantsJson(command) ? printJson(status) : printStatus(status)
    })
}

async function printStatus(status: RunningStatus): Promise<void> {
  print(`Holdfast ${status.version} at ${status.issuer}, Node ${status.node}, pid ${status.pid}`)
  print()
  await printTable(
    ['PROCESS', 'HEALTH', 'PID', 'VERSION', 'RESTARTS', 'SOCKET'],
    status.processes.map((one) => [
      one.name,
      paint(one.health === 'ok' ? 'green' : 'red', one.health),
      String(one.pid ?? '-'),
      one.version ?? '-',
      String(one.restarts),
      one.socket,
    ]),
  )
  const { isolation } = status
  if (isolation !== null) {
    print()
    print(`Isolation ${paint('bold', isolation.level)} (floor ${isolation.floor})`)
    for (const reason of isolation.reasons) print(`  ${reason}`)
    print(`  in force: ${isolation.mechanisms.join(', ') || 'nothing'}`)
    for (const { outcome, from, id, attack } of isolation.attacks) {
      const style = outcome === 'succeeded' ? 'red' : outcome === 'denied' ? 'green' : 'dim'
      print(`  ${paint(style, outcome.padEnd(11))} ${from.padEnd(8)} ${id.padEnd(24)} ${attack}`)
    }
  }
  print()
  print(`Keys ${JSON.stringify(status.keys)}`)
  for (const [name, path] of Object.entries(status.paths)) print(`${name.padEnd(13)} ${path}`)
}
