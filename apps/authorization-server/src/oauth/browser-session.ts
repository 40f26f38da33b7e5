import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'

/** How long a browser stays signed in. */
export const sessionTtlSeconds = 12 * 3600

/** How the library's cookies are kept. */
export const libraryCookie = (issuer: string) => ({
  httpOnly: true,
  sameSite: 'lax' as const,
  signed: true,
  secure: issuer.startsWith('https:'),
})

/**
 * Signs a person in to this server in a browser, outside of any authorization, in place of whoever was
 * signed in there.
 */
export async function startSession(
  library: Provider,
  { req, res }: { readonly req: IncomingMessage; readonly res: ServerResponse },
  accountId: string,
): Promise<void> {
  const context = library.createContext(req, res)
  await (await library.Session.get(context)).destroy()
  // Not the former one renamed: nobody knows the id of this one from before.
  const session = new library.Session()
  session.loginAccount({ accountId, amr: ['pwd'], transient: true })
  await session.save(sessionTtlSeconds)
  const name = library.cookieName('session')
  context.cookies.set(name, session.jti, libraryCookie(library.issuer))
}
