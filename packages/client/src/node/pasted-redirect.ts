import { ClientError } from '../errors.ts'

/**
 * The redirect that a person copied from the address bar of a browser on another machine, where the
 * page itself could not open.
 *
 * @throws ClientError `INVALID_REQUEST` when it is not the address of this sign-in's redirect
 */
export function readPastedRedirect(text: string, redirectUri: string): URL {
  const expected = new URL(redirectUri)
  const pasted = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined
  const isOurs =
    pasted?.origin === expected.origin &&
    pasted.pathname === expected.pathname &&
    (pasted.searchParams.has('code') || pasted.searchParams.has('error'))
  if (isOurs) return pasted
  // Never quoted: it may hold a code.
  throw new ClientError('INVALID_REQUEST', 'that is not the address to which the sign-in led', {
    fix: `copy the whole address, which begins with ${redirectUri}?`,
  })
}
