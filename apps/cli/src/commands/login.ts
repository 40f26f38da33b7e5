import { Command } from 'commander'
import { note, print, printJson } from '../output.ts'
import { wantsJson } from './flags.ts'
import { openClient } from './open-client.ts'

const help = `
Signs in through the browser. Tokens and their key are kept in the profile (mode 0600); tokens are
bound to that key, so a copied token is of no use.

Without --dispatch the sign-in is for managing: connections, clients, users. With --dispatch it is
for calling APIs by handle (\`holdfast call\`), through the connections that you choose on the page;
sign in so again after you added one.

The browser must run on this machine: it is sent back to a port of 127.0.0.1.

Examples:
  $ holdfast login
  $ holdfast login --dispatch
  $ holdfast login --no-browser --issuer https://vault.example.com`

interface Options {
  readonly browser: boolean
  readonly dispatch?: boolean
  readonly scope?: string
}

/** `holdfast login` */
export function loginCommand(): Command {
  return new Command('login')
    .option('--no-browser', 'print the URL instead of opening a browser')
    .option('--dispatch', 'sign in for `holdfast call`')
    .option('--scope <scopes>', 'ask only for these scopes, separated by spaces')
    .addHelpText('after', help)
    .action(async (options: Options, command: Command) => {
      const [{ openLoopbackRedirect }, { readClaims }, { openBrowser }] = await Promise.all([
        import('@holdfast/client/node'),
        import('@holdfast/client'),
        import('../terminal/browser.ts'),
      ])
      const { client, issuer, profileFile } = await openClient(command)
      const redirect = await openLoopbackRedirect()
      try {
        const tokens = await client.login({
          resource: options.dispatch ? 'dispatch' : 'management',
          redirectUri: redirect.redirectUri,
          ...(options.scope !== undefined && { scopes: options.scope.split(/\s+/) }),
          authorize: (url) => {
            note(`Open this page to sign in:\n  ${url.href}`)
            if (options.browser) openBrowser(url.href)
            return redirect.answer()
          },
        })
        const { pin, firstUse } = await client.keys.sealing()
        const subject = readClaims(tokens.accessToken)['sub']
        if (wantsJson(command)) {
          return printJson({
            issuer,
            subject,
            scope: tokens.scope,
            enclave: { fingerprint: pin.fingerprint, first_use: firstUse },
            profile: profileFile,
          })
        }
        print(`Signed in at ${issuer} as ${String(subject)} (${tokens.scope})`)
        return note(
          `Enclave identity ${pin.fingerprint}${firstUse ? ', trusted from now on. Compare it with `holdfast status` on the server.' : ' (known)'}`,
        )
      } finally {
        redirect.close()
      }
    })
}
