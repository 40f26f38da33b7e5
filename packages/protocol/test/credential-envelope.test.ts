import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import sodium, { ready } from 'libsodium-wrappers'
import { beforeAll, describe, expect, it } from 'vitest'
import { fromBase64url, toBase64url, utf8, utf8Text } from '../src/bytes.ts'
import { decodeEnvelope, encodeEnvelope, maxEnvelopeBytes } from '../src/credential-envelope.ts'
import { seal } from '../src/sealing.ts'

type Input = Parameters<typeof encodeEnvelope>[0]
interface Vectors {
  readonly sealing_key: { readonly public_key: string; readonly private_key: string }
  readonly envelopes: readonly {
    readonly name: string
    readonly header: Input['header']
    readonly secrets: Record<string, string>
    readonly encoded: string
    readonly sealed_box: string
  }[]
}
const vectors = JSON.parse(
  readFileSync(new URL('vectors/credential-envelope.json', import.meta.url), 'utf8'),
) as Vectors

beforeAll(() => ready)

const bytesOf = (secrets: Record<string, string>): Record<string, Uint8Array> =>
  Object.fromEntries(Object.entries(secrets).map(([name, text]) => [name, utf8(text)]))
const [first] = vectors.envelopes as [Vectors['envelopes'][number]]
const input: Input = { header: first.header, secrets: bytesOf(first.secrets) }
const refused = expect.objectContaining({
  name: 'ProtocolError',
  code: 'INVALID_ENVELOPE',
}) as Error

describe('credential envelope vectors', () => {
  it.each(vectors.envelopes)('$name', ({ header, secrets, encoded, sealed_box }) => {
    expect(toBase64url(encodeEnvelope({ header, secrets: bytesOf(secrets) }))).toBe(encoded)
    const decoded = decodeEnvelope(fromBase64url(encoded))
    expect(decoded.header).toMatchObject(header)
    expect(
      Object.fromEntries(
        Object.entries(decoded.secrets).map(([name, bytes]) => [name, utf8Text(bytes)]),
      ),
    ).toEqual(secrets)
    const { public_key, private_key } = vectors.sealing_key
    const opened = sodium.crypto_box_seal_open(
      fromBase64url(sealed_box),
      fromBase64url(public_key),
      fromBase64url(private_key),
    )
    expect(toBase64url(opened)).toBe(encoded)
  })
})

describe('credential envelope', () => {
  it('reads back any secret bytes but line breaks and NUL, as views', () => {
    const byte = fc.integer({ min: 1, max: 255 }).filter((value) => value !== 10 && value !== 13)
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 500 }), (values) => {
        const secret = Uint8Array.from(values)
        const encoded = encodeEnvelope({ ...input, secrets: { api_key: secret } })
        const { secrets } = decodeEnvelope(encoded)
        expect(secrets['api_key']).toEqual(secret)
        encoded.fill(0)
        expect(secrets['api_key']?.every((value) => value === 0)).toBe(true)
      }),
    )
  })

  it('keeps the secret out of its JSON', () => {
    const encoded = encodeEnvelope(input)
    const end = 8 + new DataView(encoded.buffer).getUint32(4)
    expect(utf8Text(encoded.subarray(8, end))).not.toContain('s3cr')
  })

  it.each<[string, Input['secrets']]>([
    ['a missing field', {}],
    ['an empty field', { api_key: new Uint8Array() }],
    ['a carriage return', { api_key: utf8('a\rb') }],
    ['a line feed', { api_key: utf8('a\n') }],
    ['NUL', { api_key: utf8('\0') }],
    ['too long a field', { api_key: new Uint8Array(16_385).fill(65) }],
  ])('is not made with %s', (_what, secrets) => {
    expect(() => encodeEnvelope({ ...input, secrets })).toThrow(refused)
  })

  it.each<[string, object]>([
    [
      'a template without {api_key}',
      { credential: { kind: 'api_key', header_name: 'x', header_template: 'x' } },
    ],
    [
      'a header name with a colon',
      { credential: { kind: 'api_key', header_name: 'x:', header_template: '{api_key}' } },
    ],
    [
      'a template with a line break',
      { credential: { kind: 'api_key', header_name: 'x', header_template: '{api_key}\n' } },
    ],
    ['no hosts', { binding: { ...first.header.binding, allowed_hosts: [] } }],
    ['a wrong handle', { binding: { ...first.header.binding, handle: 'x' } }],
    ['an unknown pin', { binding: { ...first.header.binding, pins: { colour: ['red'] } } }],
    ['an unknown field', { surprise: 1 }],
  ])('is not made with %s', (_what, part) => {
    expect(() => encodeEnvelope({ ...input, header: { ...first.header, ...part } })).toThrow(
      refused,
    )
  })

  it('is not made larger than it may be read', () => {
    const paths = Array.from({ length: 100 }, (_, index) => `/${'p'.repeat(500)}${index}`)
    const resources = Array.from({ length: 50 }, () => 'r'.repeat(500))
    const binding = { ...first.header.binding, pins: { paths, resources } }
    expect(() => encodeEnvelope({ ...input, header: { ...first.header, binding } })).toThrow(
      refused,
    )
    expect(() => decodeEnvelope(new Uint8Array(maxEnvelopeBytes + 1))).toThrow(refused)
  })

  it('does not repeat a secret that stands in a wrong place', () => {
    const header = { ...first.header, hunter2: 1 } as Input['header']
    expect(() => encodeEnvelope({ ...input, header })).toThrow(/^(?!.*hunter2)/)
  })

  it('refuses any cut and any extension', () => {
    const encoded = encodeEnvelope(input)
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeEnvelope(encoded.subarray(0, length))).toThrow(refused)
    }
    expect(() => decodeEnvelope(Uint8Array.from([...encoded, 0]))).toThrow(refused)
  })

  it('refuses or reads any bytes, and never throws anything else', () => {
    const encoded = encodeEnvelope(input)
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = encoded.slice()
        changed[at] = value
        try {
          decodeEnvelope(changed)
        } catch (error) {
          expect(error).toEqual(refused)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('reads an envelope that lies in the middle of a larger buffer', () => {
    const encoded = encodeEnvelope(input)
    const larger = new Uint8Array(encoded.length + 20)
    larger.set(encoded, 7)
    expect(decodeEnvelope(larger.subarray(7, 7 + encoded.length)).header.base_url).toBe(
      first.header.base_url,
    )
  })
})

describe('seal', () => {
  it('gives a box that only the private key opens, different each time', async () => {
    const { public_key, private_key } = vectors.sealing_key
    const key = {
      kid: 'k',
      alg: 'x25519-sealed-box',
      public_key,
      not_before: 0,
      expires_at: 1,
      signature: '',
    } as const
    const [one, two] = [await seal(key, input), await seal(key, input)]
    expect(one).toMatchObject({ form: 'sealed-box', kid: 'k' })
    expect(one.sealed).not.toEqual(two.sealed)
    const opened = sodium.crypto_box_seal_open(
      one.sealed,
      fromBase64url(public_key),
      fromBase64url(private_key),
    )
    expect(opened).toEqual(new Uint8Array(encodeEnvelope(input)))
    const other = sodium.crypto_box_keypair()
    expect(() =>
      sodium.crypto_box_seal_open(one.sealed, other.publicKey, other.privateKey),
    ).toThrow()
  })
})
