import { Command } from 'commander'
import { note, print, printJson } from '../output.ts'
import { flagsOf, wantsJson } from './flags.ts'

const help = `
The set-up link is printed by \`holdfast up\` while there is no administrator. On the same machine
and as the same user it is found by itself; elsewhere it is asked for.

Examples:
  $ holdfast setup
  $ holdfast setup --browser
  $ pass show holdfast | holdfast setup --email ada@example.com --password-stdin`

interface Options {
  readonly email?: string
  readonly passwordStdin?: boolean
  readonly browser?: boolean
}

/** `holdfast setup` */
export function setupCommand(): Command {
  return new Command('setup')
    .option('--email <address>', 'e-mail address of the administrator')
    .option('--password-stdin', 'read the password from stdin')
    .option('--browser', 'open the set-up page in the browser instead')
    .addHelpText('after', help)
    .action(async (options: Options, command: Command) => {
      const [{ loadConfig }, { findSetupLink, redeemSetupLink }, { ask, readSecret }] =
        await Promise.all([
          import('../config.ts'),
          import('../setup-link.ts'),
          import('../terminal/secrets.ts'),
        ])
      const { config } = loadConfig(flagsOf(command))
      const link =
        (await findSetupLink(config)) ?? (await ask('Set-up link', 'the link at a terminal'))
      if (options.browser) {
        const { openBrowser } = await import('../terminal/browser.ts')
        openBrowser(link)
        return note(`Opened ${new URL(link).origin}/setup in the browser.`)
      }
      const email = options.email ?? (await ask('E-mail address', '--email'))
      const password = await readSecret({
        stdin: options.passwordStdin === true,
        option: '--password-stdin',
        message: 'Password (12 characters or more)',
        twice: true,
      })
      await redeemSetupLink(link, email, password)
      if (wantsJson(command)) return printJson({ email, role: 'admin' })
      print(`${email} is the first administrator.`)
      return note(`Next: holdfast login --issuer ${new URL(link).origin}`)
    })
}
