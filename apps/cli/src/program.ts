import { Command } from 'commander'
import { configCommand } from './commands/config.ts'
import { doctorCommand } from './commands/doctor.ts'
import { statusCommand } from './commands/status.ts'
import { upCommand } from './commands/up.ts'
import { withoutValue } from './failure.ts'
import { version } from './version.ts'

const exitCodeHelp = `
Exit codes:
  0 ok · 1 error · 2 usage · 3 not signed in · 4 forbidden · 5 not found · 6 conflict
  7 upstream failed · 8 server unreachable · 9 check failed · 130 interrupted

Examples:
  $ holdfast up
  $ holdfast setup
  $ holdfast login
  $ holdfast connections add github --base-url https://api.github.com --template 'Bearer {api_key}'
  $ holdfast call ddls:conn:01J…-github GET /user`

/** The whole command line. */
export function buildProgram(): Command {
  const program = new Command('holdfast')
    .description('Self-hostable OAuth authorization server with a sealed credential vault for MCP.')
    .version(version)
    .option('--json', 'print JSON instead of text')
    .option('--no-color', 'never colour the output (also NO_COLOR)')
    .option('--issuer <url>', 'server to talk to (HOLDFAST_ISSUER)')
    .option('--profile <name>', 'profile to sign in with (HOLDFAST_PROFILE)')
    .option('--config-dir <folder>', 'folder of the profiles (HOLDFAST_CONFIG_DIR)')
    .option('--data-dir <folder>', 'data folder of the server (HOLDFAST_DATA_DIR)')
    .option('--config <file>', 'JSON file with settings (HOLDFAST_CONFIG)')
    .showSuggestionAfterError(true)
    .addHelpText('after', exitCodeHelp)
  for (const create of commands) program.addCommand(create())
  for (const command of walk(program)) {
    command.exitOverride().configureOutput({
      // With --json the usage error is printed once, as JSON, where the error is caught.
      outputError: (text, write) =>
        process.argv.includes('--json') ? undefined : write(withoutValue(text)),
    })
    command.copyInheritedSettings(program)
  }
  return program
}

const commands: readonly (() => Command)[] = [
  upCommand,
  statusCommand,
  doctorCommand,
  configCommand,
]

function* walk(command: Command): Generator<Command> {
  yield command
  for (const child of command.commands) yield* walk(child)
}
