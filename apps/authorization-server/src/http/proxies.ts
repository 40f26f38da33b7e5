import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Config } from '../config.ts'

/** Who stands between the clients and us. */
export interface Proxies {
  /** The caller's address: the socket's, or the last hop of `X-Forwarded-For` that is no proxy of ours. */
  clientAddress(request: IncomingMessage): string
  /** True when the request comes from a proxy whose headers are believed. */
  isBehindProxy(request: IncomingMessage): boolean
}

const bare = (address: string): string =>
  /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address

/** An address as a proxy writes it: some add the port, which stands behind brackets for IPv6. */
const addressOfHop = (hop: string): string =>
  bare(hop.trim().replace(/^(?:\[(.*)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/, '$1$2'))

/** Without a list, the one proxy in front is believed, and its neighbour is the client. */
export function createProxies({
  trustProxy,
  trustedProxies,
}: Pick<Config, 'trustProxy' | 'trustedProxies'>): Proxies {
  const known = new BlockList()
  for (const network of trustedProxies) {
    const [address = '', prefix] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) known.addAddress(address, family)
    else known.addSubnet(address, Number(prefix), family)
  }
  const isKnown = (address: string): boolean =>
    isIP(address) !== 0 && known.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  const peerOf = (request: IncomingMessage): string => bare(request.socket.remoteAddress ?? '')
  const isBehindProxy = (request: IncomingMessage): boolean =>
    trustProxy && (trustedProxies.length === 0 || isKnown(peerOf(request)))

  return {
    isBehindProxy,
    clientAddress(request) {
      const peer = peerOf(request) || 'unknown'
      if (!isBehindProxy(request)) return peer
      const hops = [request.headers['x-forwarded-for'] ?? []]
        .flat()
        .join(',')
        .split(',')
        .map(addressOfHop)
        .filter((hop) => hop !== '')
      // What stands left of the first foreign hop was written by that hop, and may be invented.
      const foreign = hops.findLast((hop) => !isKnown(hop))
      return foreign !== undefined && isIP(foreign) !== 0 ? foreign : peer
    },
  }
}
