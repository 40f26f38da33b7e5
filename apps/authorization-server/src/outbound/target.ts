import { isIP } from 'node:net'
import { OutboundError } from './errors.ts'

/** Where a request goes, in one spelling. */
export interface Target {
  readonly url: URL
  /** Name or address, without brackets and trailing dot. */
  readonly host: string
  readonly isAddress: boolean
  readonly port: number
}

const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/**
 * The target of a URL that may be fetched. The URL parser brings odd spellings of a host (`127.1`,
 * `0x7f000001`, full-width letters) to the one that is checked, resolved and dialled.
 *
 * @throws OutboundError URL_REFUSED
 */
export function targetOf(
  text: string,
  { allowHttpLoopback }: { readonly allowHttpLoopback: boolean },
): Target {
  const url = URL.parse(text)
  if (!url || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new OutboundError('URL_REFUSED')
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  const isSecure = url.protocol === 'https:'
  const isLocalHttp = url.protocol === 'http:' && allowHttpLoopback && loopbackHosts.has(host)
  if (host === '' || !(isSecure || isLocalHttp)) throw new OutboundError('URL_REFUSED')
  return {
    url,
    host,
    isAddress: isIP(host) !== 0,
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
  }
}
