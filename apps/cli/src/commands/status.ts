import type { AttackResult } from '@holdfast/protocol/enclave'
import { Command } from 'commander'
import { paint, print, printJson, printTable } from '../output.ts'
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
    .option('--attacks', 'list every self-test attack')
    .addHelpText('after', help)
    .action(async (options: { attacks?: boolean }, command: Command) => {
      const [{ loadConfig }, { notRunning, readStatus }] = await Promise.all([
        import('../config.ts'),
        import('../supervisor/status.ts'),
      ])
      const { config } = loadConfig(flagsOf(command))
      const status = await readStatus(config)
      if (!status.running) throw notRunning(config)
      return wantsJson(command) ? printJson(status) : printStatus(status, options.attacks ?? false)
    })
}

async function printStatus(status: RunningStatus, allAttacks: boolean): Promise<void> {
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
    if (allAttacks) printAttacks(isolation.attacks)
    printDenied(isolation.attacks, allAttacks)
  }
  print()
  printKeys(status.keys)
  for (const [name, path] of Object.entries(status.paths)) print(`${inWords(name)} ${path}`)
}

function printAttacks(attacks: readonly AttackResult[]): void {
  for (const { outcome, from, id, attack } of attacks) {
    const style = outcome === 'succeeded' ? 'red' : outcome === 'denied' ? 'green' : 'yellow'
    print(`  ${paint(style, outcome.padEnd(11))} ${from.padEnd(8)} ${id.padEnd(18)} ${attack}`)
  }
}

/** What was not denied stands among the reasons; what was is good news and long, so only a number. */
function printDenied(attacks: readonly AttackResult[], all: boolean): void {
  const denied = attacks.filter(({ outcome }) => outcome === 'denied').length
  const more = all ? '' : ' (--attacks lists them)'
  print(`  ${denied} of ${attacks.length} attacks denied${more}`)
}

function printKeys(keys: unknown): void {
  if (typeof keys !== 'object' || keys === null) return
  for (const [name, value] of Object.entries(keys)) {
    print(`${inWords(name)} ${Array.isArray(value) ? value.join(' ') : String(value)}`)
  }
}

const inWords = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).padEnd(19)
