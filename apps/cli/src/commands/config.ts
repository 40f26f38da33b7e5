import { Command } from 'commander'
import { printJson, printTable } from '../output.ts'
import { flagsOf, wantsJson } from './flags.ts'

/** `holdfast config explain` */
export function configCommand(): Command {
  const config = new Command('config')
  config
    .command('explain')
    .description('print every setting, its value and where it came from')
    .addHelpText('after', '\nExample:\n  $ HOLDFAST_PORT=5000 holdfast config explain')
    .action(async (_options, command: Command) => {
      const { explainConfig, loadConfig } = await import('../config.ts')
      const settings = explainConfig(loadConfig(flagsOf(command)))
      if (wantsJson(command)) return printJson(settings)
      const rows = settings.map((setting) => [
        setting.variable,
        textOf(setting.value),
        setting.place ?? 'default',
      ])
      return printTable(['SETTING', 'VALUE', 'FROM'], rows)
    })
  return config
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.join(',')
  return value === null ? '(none)' : `${value as string | number | boolean}`
}
