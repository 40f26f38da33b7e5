import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redaction, Scrubber } from '../src/scrub.ts'

/**
 * Few different bytes, so that secrets overlap themselves and their own escapes. The last one is plain:
 * where a secret ends with what may begin an escape, a cut can leave the escape's harmless rest.
 */
const secrets = fc
  .array(
    fc.constantFrom('a', 'b', '%', '\\', '"', '/', '+', ' ', '2', '5', 'u', 'é', '\u{1F600}'),
    {
      minLength: 6,
      maxLength: 12,
    },
  )
  .map((parts) => `${parts.join('')}z`)

const spellings: readonly ((character: string) => string)[] = [
  (character) => character,
  (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`)
      .join(''),
  (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  (character) =>
    [...Buffer.from(character)].map((byte) => `%25${byte.toString(16).padStart(2, '0')}`).join(''),
  (character) => `&#${String(character.codePointAt(0)).padStart(3, '0')};`,
  (character) => `&#${character.codePointAt(0)};`,
  (character) => `&#x${character.codePointAt(0)?.toString(16).toUpperCase()};`,
]

function scrubInPieces(secret: string, text: Buffer, cuts: readonly number[]): Buffer {
  const scrubber = new Scrubber([Buffer.from(secret)])
  const edges = [
    0,
    ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b),
    text.length,
  ]
  const parts = edges.slice(1).map((end, index) => scrubber.push(text.subarray(edges[index], end)))
  return Buffer.concat([...parts, scrubber.end()])
}

const cuts = fc.array(fc.nat(1000), { maxLength: 6 })

describe('scrubber', () => {
  it('lets no copy of the secret through, however the stream is cut', () => {
    const noise = fc.string({ unit: fc.constantFrom('a', 'b', '%', '\\', '2', '5'), maxLength: 20 })
    fc.assert(
      fc.property(
        secrets,
        fc.array(noise, { minLength: 1, maxLength: 4 }),
        cuts,
        (secret, pieces, at) => {
          const clean = scrubInPieces(secret, Buffer.from(pieces.join(secret)), at)
          expect(clean.includes(Buffer.from(secret))).toBe(false)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('finds every character in every spelling, however the stream is cut', () => {
    const choices = fc.array(fc.nat(spellings.length - 1), { minLength: 13, maxLength: 13 })
    fc.assert(
      fc.property(secrets, choices, cuts, (secret, choice, at) => {
        const spelled = Array.from(secret)
          .map((character, index) => spellings[choice[index] ?? 0]?.(character) ?? '')
          .join('')
        const clean = scrubInPieces(secret, Buffer.from(`<${spelled}>`), at)
        expect(clean.toString()).toBe(`<${redaction}>`)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['utf-16le', (text: string) => Buffer.from(text, 'utf16le')],
    ['utf-16be', (text: string) => Buffer.from(text, 'utf16le').swap16()],
  ] as const)(
    'finds secrets in %s text, which callers can ask some services for',
    (_name, encode) => {
      fc.assert(
        fc.property(secrets, cuts, (secret, at) => {
          const clean = scrubInPieces(secret, encode(`<${secret}>`), at)
          expect(clean.includes(redaction)).toBe(true)
          // From the second character on: the first may share a byte with what stands before it.
          expect(clean.includes(encode(Array.from(secret).slice(1).join('')))).toBe(false)
        }),
        { numRuns: 500 },
      )
    },
  )

  it.each(['&amp;', '&lt;', '&gt;', '&quot;', '&apos;', '&#39;', '&#x27;'])(
    'finds a secret whose special character a page wrote as %s',
    (entity) => {
      const plain = { amp: '&', lt: '<', gt: '>', quot: '"' }[entity.slice(1, -1)] ?? "'"
      const scrubber = new Scrubber([Buffer.from(`to${plain}ken-42`)])
      const clean = [scrubber.push(Buffer.from(`<p>to${entity.slice(0, 2)}`))]
      clean.push(scrubber.push(Buffer.from(`${entity.slice(2)}ken-42</p>`)), scrubber.end())
      expect(Buffer.concat(clean).toString()).toBe(`<p>${redaction}</p>`)
    },
  )

  it('passes everything else through unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, at) => {
        const text = Buffer.from(bytes)
        expect(scrubInPieces('not-in-random-bytes', text, at).equals(text)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('holds nothing back that cannot become a secret', () => {
    const scrubber = new Scrubber([Buffer.from('secret-token')])
    expect(scrubber.push(Buffer.from('data: 1\n\n')).toString()).toBe('data: 1\n\n')
    expect(scrubber.push(Buffer.from('data: sec')).toString()).toBe('data: ')
    expect(scrubber.push(Buffer.from('ond\n\n')).toString()).toBe('second\n\n')
  })

  it('refuses to work after its secrets are wiped', () => {
    const scrubber = new Scrubber([Buffer.from('secret-token')])
    scrubber.wipe()
    expect(() => scrubber.push(Buffer.from('secret-token'))).toThrow('wiped')
    expect(() => scrubber.scrubText('secret-token')).toThrow('wiped')
  })
})
