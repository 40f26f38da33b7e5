import type { Client, StoredTokens } from '@holdfast/client'
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

The browser is sent back to a port of 127.0.0.1. On a machine without a browser there are two ways:
--device shows a code to enter on any other device; --no-browser prints the address to open, and
where the page then cannot open, paste its address from the browser here.

Examples:
  $ holdfast login
  $ holdfast login --dispatch
  $ holdfast login --device
  $ holdfast login --no-browser --issuer https://vault.example.com`

interface Options {
  readonly browser: boolean
  readonly device?: boolean
  readonly dispatch?: boolean
  readonly scope?: string
}

/** `holdfast login` */
export function loginCommand(): Command {
  return new Command('login')
    .option('--no-browser', 'print the URL instead of opening a browser')
    .option('--device', 'sign in with a browser on another device')
    .option('--dispatch', 'sign in for `holdfast call`')
    .option('--scope <scopes>', 'ask only for these scopes, separated by spaces')
    .addHelpText('after', help)
    .action(async (options: Options, command: Command) => {
      const { readClaims } = await import('@holdfast/client')
      const { client, issuer, profileFile } = await openClient(command)
      const tokens = await (options.device ? loginByCode : loginByRedirect)(client, options)
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
    })
}

/** What both ways ask for. */
const target = (options: Options) => ({
  resource: options.dispatch ? ('dispatch' as const) : ('management' as const),
  ...(options.scope !== undefined && { scopes: options.scope.split(/\s+/) }),
})

async function loginByRedirect(client: Client, options: Options): Promise<StoredTokens> {
  const [{ openLoopbackRedirect }, { openBrowser }, { pastedRedirect }] = await Promise.all([
    import('@holdfast/client/node'),
    import('../terminal/browser.ts'),
    import('../terminal/pasted-redirect.ts'),
  ])
  const redirect = await openLoopbackRedirect()
  const pasting = new AbortController()
  try {
    return await client.login({
      ...target(options),
      redirectUri: redirect.redirectUri,
      authorize: (url) => {
        note(`Open this page to sign in:\n  ${url.href}`)
        if (options.browser) {
          openBrowser(url.href)
          return redirect.answer(url)
        }
        const pasted = pastedRedirect(redirect.redirectUri, pasting.signal)
        return Promise.race([redirect.answer(url), pasted])
      },
    })
  } finally {
    pasting.abort()
    redirect.close()
  }
}

async function loginByCode(client: Client, options: Options): Promise<StoredTokens> {
  return client.loginWithDevice({
    ...target(options),
    onPrompt: ({ userCode, verificationUri, verificationUriComplete }) => {
      note(`Open this page on any device:\n  ${verificationUri}\nand enter the code ${userCode}`)
      if (verificationUriComplete !== undefined) {
        note(`or open the page with the code in it:\n  ${verificationUriComplete}`)
      }
    },
  })
}
