import { member } from './member.ts'

/** Whether an address is one of the authorization server's own. */
export const isAtIssuer = (url: string, issuer: string): boolean =>
  URL.parse(url)?.origin === new URL(issuer).origin

/** Where a connection is made, and where a server asks whether it was. */
export interface ConnectLinks {
  readonly connectUrl?: string | undefined
  readonly pollUrl?: string | undefined
}

/**
 * The links of a connection that is missing or broken, as an error of the authorization server names
 * them. Those to elsewhere are left out: users are sent to the one with the server's word for it, and
 * the other one gets the server's secret.
 */
export function connectLinksOf(error: unknown, issuer: string): ConnectLinks {
  // Dedalus servers put the error one level down.
  const levels = [error, member(error, 'detail'), member(error, 'error')]
  const named = levels.find((one) => typeof member(one, 'connect_url') === 'string')
  const ownUrl = (name: string): string | undefined => {
    const url = member(named, name)
    return typeof url === 'string' && isAtIssuer(url, issuer) ? url : undefined
  }
  const connectUrl = ownUrl('connect_url')
  return connectUrl === undefined ? {} : { connectUrl, pollUrl: ownUrl('poll_url') }
}
