/**
 * What an address is for. Only `global` addresses are dialled without the operator's word.
 *
 * `metadata` stands for the addresses from which clouds hand out credentials to whoever asks.
 */
export type AddressScope =
  | 'global'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link-local'
  | 'metadata'
  | 'multicast'
  | 'unspecified'
  | 'documentation'
  | 'translation'
  | 'reserved'

/** One row of a table: a prefix, what it is for, and who says so. */
export interface SpecialPrefix {
  readonly prefix: string
  readonly bits: number
  readonly scope: Exclude<AddressScope, 'global'>
  readonly source: string
}

/**
 * IPv4 prefixes that are never an API on the public internet; the first match wins.
 *
 * Rows that the registry calls globally reachable (anycast for AS112, PCP, TURN, AMT) are listed too:
 * they are infrastructure, not upstreams.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry | IANA IPv4 Special-Purpose Address Registry}
 */
export const SPECIAL_IPV4: readonly SpecialPrefix[] = [
  { prefix: '169.254.169.254', bits: 32, scope: 'metadata', source: 'AWS, Azure, GCP, OpenStack' },
  { prefix: '169.254.170.2', bits: 32, scope: 'metadata', source: 'AWS ECS task credentials' },
  { prefix: '169.254.170.23', bits: 32, scope: 'metadata', source: 'AWS EKS pod identity' },
  { prefix: '169.254.0.23', bits: 32, scope: 'metadata', source: 'Tencent Cloud' },
  { prefix: '100.100.100.200', bits: 32, scope: 'metadata', source: 'Alibaba Cloud' },
  { prefix: '192.0.0.192', bits: 32, scope: 'metadata', source: 'Oracle Cloud' },
  { prefix: '168.63.129.16', bits: 32, scope: 'metadata', source: 'Azure WireServer' },
  { prefix: '0.0.0.0', bits: 8, scope: 'unspecified', source: 'RFC 791 section 3.2' },
  { prefix: '10.0.0.0', bits: 8, scope: 'private', source: 'RFC 1918' },
  { prefix: '100.64.0.0', bits: 10, scope: 'shared', source: 'RFC 6598' },
  { prefix: '127.0.0.0', bits: 8, scope: 'loopback', source: 'RFC 1122 section 3.2.1.3' },
  { prefix: '169.254.0.0', bits: 16, scope: 'link-local', source: 'RFC 3927' },
  { prefix: '172.16.0.0', bits: 12, scope: 'private', source: 'RFC 1918' },
  { prefix: '192.0.0.0', bits: 24, scope: 'reserved', source: 'RFC 6890 section 2.1' },
  { prefix: '192.0.2.0', bits: 24, scope: 'documentation', source: 'RFC 5737' },
  { prefix: '192.31.196.0', bits: 24, scope: 'reserved', source: 'RFC 7535 (AS112)' },
  { prefix: '192.52.193.0', bits: 24, scope: 'reserved', source: 'RFC 7450 (AMT)' },
  { prefix: '192.88.99.0', bits: 24, scope: 'translation', source: 'RFC 7526 (6to4 relay)' },
  { prefix: '192.168.0.0', bits: 16, scope: 'private', source: 'RFC 1918' },
  { prefix: '192.175.48.0', bits: 24, scope: 'reserved', source: 'RFC 7534 (AS112)' },
  { prefix: '198.18.0.0', bits: 15, scope: 'reserved', source: 'RFC 2544 (benchmarking)' },
  { prefix: '198.51.100.0', bits: 24, scope: 'documentation', source: 'RFC 5737' },
  { prefix: '203.0.113.0', bits: 24, scope: 'documentation', source: 'RFC 5737' },
  { prefix: '224.0.0.0', bits: 4, scope: 'multicast', source: 'RFC 1112' },
  { prefix: '240.0.0.0', bits: 4, scope: 'reserved', source: 'RFC 1112, RFC 8190 (broadcast)' },
]

/**
 * IPv6 prefixes that are never an API on the public internet; the first match wins, and what is
 * outside `2000::/3` and the NAT64 prefix is reserved even when no row names it.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry | IANA IPv6 Special-Purpose Address Registry}
 */
export const SPECIAL_IPV6: readonly SpecialPrefix[] = [
  { prefix: 'fd00:ec2::254', bits: 128, scope: 'metadata', source: 'AWS' },
  { prefix: 'fd00:ec2::23', bits: 128, scope: 'metadata', source: 'AWS EKS pod identity' },
  { prefix: 'fd20:ce::254', bits: 128, scope: 'metadata', source: 'GCP' },
  { prefix: '::', bits: 128, scope: 'unspecified', source: 'RFC 4291' },
  { prefix: '::1', bits: 128, scope: 'loopback', source: 'RFC 4291' },
  { prefix: '::ffff:0:0', bits: 96, scope: 'translation', source: 'RFC 4291 (IPv4-mapped)' },
  { prefix: '::ffff:0:0:0', bits: 96, scope: 'translation', source: 'RFC 2765 (SIIT)' },
  { prefix: '::', bits: 96, scope: 'translation', source: 'RFC 4291 (IPv4-compatible)' },
  { prefix: '64:ff9b:1::', bits: 48, scope: 'translation', source: 'RFC 8215 (local NAT64)' },
  { prefix: '100::', bits: 64, scope: 'reserved', source: 'RFC 6666 (discard)' },
  { prefix: '2001::', bits: 32, scope: 'translation', source: 'RFC 4380 (Teredo)' },
  { prefix: '2001::', bits: 23, scope: 'reserved', source: 'RFC 2928 (IETF protocols)' },
  { prefix: '2001:db8::', bits: 32, scope: 'documentation', source: 'RFC 3849' },
  { prefix: '2002::', bits: 16, scope: 'translation', source: 'RFC 3056, RFC 7526 (6to4)' },
  { prefix: '2620:4f:8000::', bits: 48, scope: 'reserved', source: 'RFC 7534 (AS112)' },
  { prefix: '3fff::', bits: 20, scope: 'documentation', source: 'RFC 9637' },
  { prefix: '5f00::', bits: 16, scope: 'reserved', source: 'RFC 9602 (SRv6)' },
  { prefix: 'fc00::', bits: 7, scope: 'private', source: 'RFC 4193' },
  { prefix: 'fe80::', bits: 10, scope: 'link-local', source: 'RFC 4291' },
  { prefix: 'fec0::', bits: 10, scope: 'private', source: 'RFC 3879 (site-local)' },
  { prefix: 'ff00::', bits: 8, scope: 'multicast', source: 'RFC 4291' },
]
