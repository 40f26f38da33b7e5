import { readFileSync } from 'node:fs'
import sodium, { ready } from 'libsodium-wrappers'
import { beforeAll, describe, expect, it } from 'vitest'
import { fromBase64url, toBase64url, utf8Text } from '../src/bytes.ts'
import { parseRequestPath } from '../src/request-path.ts'

interface DedalusWire {
  readonly sealed_box: {
    readonly seed_hex: string
    readonly public_key_b64url: string
    readonly sealed_b64url: string
    readonly plaintext_utf8: string
    readonly overhead_bytes: number
    readonly tampered_b64url: string
  }
  readonly query_encoding: readonly { readonly input: string; readonly wire_path: string }[]
}
const vectors = JSON.parse(
  readFileSync(new URL('vectors/dedalus-wire.json', import.meta.url), 'utf8'),
) as DedalusWire

beforeAll(() => ready)

describe('a sealed box of a Dedalus client', () => {
  const box = vectors.sealed_box
  const keys = () =>
    sodium.crypto_box_seed_keypair(Uint8Array.from(Buffer.from(box.seed_hex, 'hex')))
  const open = (sealed: string): string => {
    const { publicKey, privateKey } = keys()
    return utf8Text(sodium.crypto_box_seal_open(fromBase64url(sealed), publicKey, privateKey))
  }

  it('is what libsodium of this package makes and opens', () => {
    expect(toBase64url(keys().publicKey)).toBe(box.public_key_b64url)
    expect(open(box.sealed_b64url)).toBe(box.plaintext_utf8)
    const { length } = fromBase64url(box.sealed_b64url)
    expect(length - Buffer.byteLength(box.plaintext_utf8)).toBe(box.overhead_bytes)
    expect(sodium.crypto_box_SEALBYTES).toBe(box.overhead_bytes)
  })

  it('does not open after one bit of it has changed', () => {
    expect(() => open(box.tampered_b64url)).toThrow()
  })
})

describe('a path of a Dedalus client', () => {
  it.each(vectors.query_encoding)('$wire_path keeps its spelling', ({ wire_path: path }) => {
    const { pathname, search } = parseRequestPath(path)
    expect(pathname + search).toBe(path)
  })
})
