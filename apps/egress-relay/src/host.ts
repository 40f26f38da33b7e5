import { domainToASCII } from 'node:url'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { canonicalAddress } from '@holdfast/egress-guard'
import { RefusalError } from './errors.ts'

/** A host in its one spelling. The same `value` is matched against the policy, resolved and dialled. */
export interface Host {
  readonly kind: 'name' | 'ipv4' | 'ipv6'
  readonly value: string
}

/** A host and a TCP port. */
export interface Target {
  readonly host: Host
  readonly port: number
}

const AUTHORITY = /^(\[[^\]]*\]|[^:]*):([1-9]\d{0,4})$/
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/
const MAX_HOST_CHARACTERS = 1024

// domainToASCII is URL's host parser: it cuts at a delimiter and decodes percents instead of failing,
// so only what can stand in a name reaches it. Non-ASCII is its own to map or refuse.
const NAME_CHARACTERS = /^[A-Za-z0-9._\-\u0080-\u{10ffff}]+$/u

/**
 * Brings a host to its one spelling: lower case, IDNA, one trailing dot off, brackets off, and the
 * odd IPv4 spellings (`127.1`, `0x7f000001`) as the dotted quad that they mean.
 *
 * @throws RefusalError BAD_REQUEST for anything that is not a DNS name, an IPv4 or a bracketed IPv6 address.
 * @see RFC 3986 section 3.2.2, UTS #46, WHATWG URL section 3.5
 */
export function canonicalHost(text: string): Host {
  if (text.length > MAX_HOST_CHARACTERS) throw invalidHost()
  if (text.startsWith('[')) return canonicalLiteral(text)
  if (!NAME_CHARACTERS.test(text)) throw invalidHost()
  const ascii = domainToASCII(text)
  if (isIPv4(ascii)) return { kind: 'ipv4', value: ascii }
  const value = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii
  if (isIP(value) !== 0 || !DNS_NAME.test(value)) throw invalidHost()
  return { kind: 'name', value }
}

/**
 * Reads `host:port`, the port in decimal without leading zeros.
 *
 * @throws RefusalError BAD_REQUEST when it is not exactly that.
 */
export function parseAuthority(text: string): Target {
  const parts = AUTHORITY.exec(text)
  const port = Number(parts?.[2])
  if (parts?.[1] === undefined || port > 65_535) {
    throw new RefusalError('BAD_REQUEST', 'not host:port')
  }
  return { host: canonicalHost(parts[1]), port }
}

/** The target as it is written in a log or a rule: brackets around IPv6. */
export function formatTarget({ host, port }: Target): string {
  return host.kind === 'ipv6' ? `[${host.value}]:${port}` : `${host.value}:${port}`
}

function canonicalLiteral(text: string): Host {
  const inner = text.endsWith(']') ? text.slice(1, -1) : ''
  if (!isIPv6(inner) || inner.includes('%')) throw invalidHost()
  return { kind: 'ipv6', value: canonicalAddress(inner) }
}

function invalidHost(): RefusalError {
  return new RefusalError('BAD_REQUEST', 'not a host name or address')
}
