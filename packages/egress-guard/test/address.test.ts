import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalAddress, classifyAddress, embeddedIPv4 } from '../src/address.ts'

const REFUSED = {
  loopback: ['127.0.0.1', '127.0.0.53', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1'],
  unspecified: ['0.0.0.0', '0.1.2.3', '::'],
  private: [
    '10.0.0.0',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    'fc00::1',
    'fd12:3456::1',
    'fec0::1',
    'feff::1',
  ],
  shared: ['100.64.0.1', '100.127.255.255'],
  'link-local': ['169.254.1.1', '169.254.255.255', 'fe80::1', 'febf::1'],
  metadata: [
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    'fd00:ec2::254',
    'fd20:ce::254',
  ],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  documentation: ['192.0.2.1', '198.51.100.7', '203.0.113.9', '2001:db8::1', '3fff::1'],
  reserved: [
    '192.0.0.1',
    '192.0.0.9',
    '192.0.0.170',
    '192.31.196.1',
    '192.52.193.1',
    '192.175.48.1',
    '198.18.0.1',
    '198.19.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '100::1',
    '2001:2::1',
    '2001:20::1',
    '2620:4f:8000::1',
    '5f00::1',
    '1fff::1',
    '4000::1',
    '64:ff9b:2::808:808',
  ],
  translation: [
    '192.88.99.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '::7f00:1',
    '::8.8.8.8',
    '::ffff:0:7f00:1',
    '::ffff:0:8.8.8.8',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::8.8.8.8',
    '64:ff9b:1:a00:0:1::',
    '2002:7f00:1::',
    '2002:a00:1::1',
    '2002:808:808::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001::1',
    '2600::5efe:10.0.0.1',
    '2600::200:5efe:192.168.0.1',
  ],
} as const

const GLOBAL = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '168.63.129.15',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '191.255.255.255',
  '192.0.1.0',
  '192.0.3.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700::1111',
  '2001:4860:4860::8888',
  '2a00:1450:4001::1',
  '2600::5efe:8.8.8.8',
  '64:ff9b::8.8.8.8',
]

describe('classification of addresses', () => {
  for (const [scope, addresses] of Object.entries(REFUSED)) {
    test.each(addresses)(`%s is ${scope}`, (address) => {
      expect(classifyAddress(address)).toBe(scope)
    })
  }

  test.each(GLOBAL)('%s is global', (address) => {
    expect(classifyAddress(address)).toBe('global')
  })

  test.each(['fe80::1%eth0', '1.2.3', '127.1', 'example.com', '', '[::1]', '::1%'])(
    '%j is no address',
    (text) => {
      expect(() => classifyAddress(text)).toThrow(TypeError)
    },
  )
})

describe('addresses inside addresses', () => {
  test.each([
    ['::ffff:10.1.2.3', ['10.1.2.3']],
    ['::10.1.2.3', ['10.1.2.3']],
    ['::ffff:0:10.1.2.3', ['10.1.2.3']],
    ['64:ff9b::a01:203', ['10.1.2.3']],
    ['64:ff9b:1:a01:2:300::', ['0.0.0.0', '10.1.2.3']],
    ['2002:a01:203::1', ['10.1.2.3']],
    // The example of RFC 4380: server 65.54.227.120, client 192.0.2.45.
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', ['65.54.227.120', '192.0.2.45']],
    ['2600::5efe:a01:203', ['10.1.2.3']],
    ['2606:4700::1111', []],
  ])('%s holds %j', (address, inner) => {
    expect(embeddedIPv4(canonicalAddress(address))).toEqual(inner)
  })
})

const octet = fc.nat(255)
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const privateV4 = fc
  .oneof(
    ipv4,
    fc.tuple(octet, octet).map(([a, b]) => `192.168.${a}.${b}`),
    fc.tuple(octet, octet, octet).map((rest) => `10.${rest.join('.')}`),
    fc.tuple(octet, octet, octet).map((rest) => `127.${rest.join('.')}`),
    fc.tuple(octet, octet).map(([a, b]) => `169.254.${a}.${b}`),
  )
  .filter((address) => classifyAddress(address) !== 'global')
const group = fc.nat(0xffff)
const groups = (length: number): fc.Arbitrary<string> =>
  fc
    .array(group, { minLength: length, maxLength: length })
    .map((list) => list.map((n) => n.toString(16)).join(':'))
const hex = (address: string): [string, string] => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)]
}
const inverted = (address: string): string =>
  address
    .split('.')
    .map((n) => 255 - Number(n))
    .join('.')

describe('properties', () => {
  test('an address that leads to a non-global IPv4 address is never global', () => {
    const carriers = fc.record({
      inner: privateV4,
      suffix: groups(5),
      prefix: groups(4),
      pad: groups(3),
    })
    fc.assert(
      fc.property(carriers, ({ inner, suffix, prefix, pad }) => {
        const [high, low] = hex(inner)
        const forms = [
          `::ffff:${inner}`,
          `::${high}:${low}`,
          `::ffff:0:${inner}`,
          `64:ff9b::${inner}`,
          `64:ff9b:1:${pad}:${high}:${low}`,
          `2002:${high}:${low}:${suffix}`,
          `2001:0:${hex(inverted(inner)).join(':')}:${prefix}`,
          `2001:0:${pad}:0:${hex(inverted(inner)).join(':')}`,
          `2600:1:2:3:0:5efe:${inner}`,
          `2600:1:2:3:200:5efe:${inner}`,
          `${prefix}:0:5efe:${high}:${low}`,
        ]
        for (const form of forms) expect(classifyAddress(form), form).not.toBe('global')
      }),
    )
  })

  test('a global IPv6 address lies in 2000::/3 or in the NAT64 prefix', () => {
    fc.assert(
      fc.property(groups(8), (address) => {
        if (classifyAddress(address) !== 'global') return
        expect(canonicalAddress(address)).toMatch(/^([23][0-9a-f]{3}:|64:ff9b::)/)
      }),
      { numRuns: 500 },
    )
  })

  test('every spelling of an address is classified alike', () => {
    fc.assert(
      fc.property(groups(8), (address) => {
        const padded = address
          .split(':')
          .map((part) => part.padStart(4, '0').toUpperCase())
          .join(':')
        expect(classifyAddress(padded)).toBe(classifyAddress(address))
        expect(canonicalAddress(padded)).toBe(canonicalAddress(address))
      }),
    )
  })
})
