import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net'
import {
  SPECIAL_IPV4,
  SPECIAL_IPV6,
  type AddressScope,
  type SpecialPrefix,
} from './special-purpose.ts'

type Family = 'ipv4' | 'ipv6'

interface Row {
  readonly list: BlockList
  readonly scope: AddressScope
}

const IPV4_ROWS = compile(SPECIAL_IPV4, 'ipv4')
const IPV6_ROWS = compile(SPECIAL_IPV6, 'ipv6')
const GLOBAL_UNICAST_IPV6 = subnet('2000::', 3, 'ipv6')
const NAT64 = subnet('64:ff9b::', 96, 'ipv6')
const ISATAP = [0x0000_5efe, 0x0200_5efe]

/**
 * Says what an address is for, by the IANA special-purpose registries.
 *
 * An IPv6 address that carries an IPv4 one is never `global` unless the IPv4 address is too: a
 * translator on the path would deliver the connection to the inner address.
 *
 * @throws TypeError when the text is not an IP address in a form that {@link canonicalAddress} returns.
 */
export function classifyAddress(address: string): AddressScope {
  if (isIPv4(address)) return firstMatch(IPV4_ROWS, address, 'ipv4') ?? 'global'
  const canonical = canonicalAddress(address)
  const scope = firstMatch(IPV6_ROWS, canonical, 'ipv6')
  if (scope !== undefined) return scope
  if (embeddedIPv4(canonical).some((inner) => classifyAddress(inner) !== 'global')) {
    return 'translation'
  }
  if (GLOBAL_UNICAST_IPV6.check(canonical, 'ipv6')) return 'global'
  return NAT64.check(canonical, 'ipv6') ? 'global' : 'reserved'
}

/**
 * Every IPv4 address that an IPv6 address may lead to through a translator or a tunnel: mapped,
 * compatible, SIIT, NAT64 (both prefixes), 6to4, Teredo (server and client), ISATAP.
 *
 * @see RFC 4291 section 2.5.5, RFC 6052 section 2.2, RFC 3056, RFC 4380 section 4, RFC 5214 section 6.1
 */
export function embeddedIPv4(address: string): string[] {
  const groups = ipv6Groups(address)
  const [a, b, c, d, e, f, g, h] = groups
  const last = dotted(g, h)
  const found: string[] = []
  if (a === 0 && b === 0 && c === 0 && d === 0) {
    const middle = e * 0x1_0000 + f
    if (middle === 0 || middle === 0xffff || middle === 0xffff_0000) found.push(last)
  }
  if (a === 0x64 && b === 0xff9b) {
    // RFC 6052 places the address after /96 at the end and after /48 around the reserved octet 8.
    found.push(last)
    if (c === 1) found.push(dotted(d, ((e & 0xff) << 8) | (f >> 8)))
  }
  if (a === 0x2002) found.push(dotted(b, c))
  if (a === 0x2001 && b === 0) found.push(dotted(c, d), dotted(g ^ 0xffff, h ^ 0xffff))
  if (ISATAP.includes(e * 0x1_0000 + f)) found.push(last)
  return found
}

/**
 * The one spelling of an IP address, the same that `socket.remoteAddress` uses.
 *
 * @throws TypeError when the text is not an IP address, or names a zone.
 */
export function canonicalAddress(address: string): string {
  const family = isIP(address)
  if (family === 0 || address.includes('%')) throw new TypeError('not an IP address')
  return new SocketAddress({ address, family: family === 4 ? 'ipv4' : 'ipv6' }).address
}

function compile(table: readonly SpecialPrefix[], family: Family): readonly Row[] {
  return table.map(({ prefix, bits, scope }) => ({ list: subnet(prefix, bits, family), scope }))
}

function subnet(prefix: string, bits: number, family: Family): BlockList {
  const list = new BlockList()
  list.addSubnet(prefix, bits, family)
  return list
}

function firstMatch(
  rows: readonly Row[],
  address: string,
  family: Family,
): AddressScope | undefined {
  return rows.find(({ list }) => list.check(address, family))?.scope
}

type Groups = [number, number, number, number, number, number, number, number]

function ipv6Groups(address: string): Groups {
  const hex = address.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, w: string, x: string, y: string, z: string) =>
      [Number(w) * 256 + Number(x), Number(y) * 256 + Number(z)]
        .map((n) => n.toString(16))
        .join(':'),
  )
  const [head = '', tail] = hex.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16)) as Groups
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}
