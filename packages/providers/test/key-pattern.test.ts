import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesPattern, parsePattern, patternPrefix, samplePattern } from '../src/key-pattern.ts'

describe('a key pattern', () => {
  it.each([
    ['ghp_[A-Za-z0-9]{36,251}', 'ghp_'],
    ['[0-9a-f]{32}-[a-z]{2}\\d{1,2}', ''],
    ['SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}', 'SG.'],
    ['a{3}b', 'aaab'],
    ['ab?', 'a'],
  ])('%s begins with %j', (pattern, prefix) => {
    expect(patternPrefix(pattern)).toBe(prefix)
  })

  it.each([
    ['a group', '(a+)+'],
    ['an alternative', 'a|b'],
    ['any character', '.*'],
    ['a negated class', '[^a]'],
    ['an anchor', '^a$'],
    ['a back reference', '(a)\\1'],
    ['a word class', '\\w+'],
    ['two that may overlap', '[a-z]+[a-z]+'],
    ['two that overlap in one character', '[a-z]{1,3}[z0-9]'],
    ['an optional part after a varying one', '[a-z]+[0-9]*'],
    ['a class without an end', '[a-z'],
    ['an empty class', '[]'],
    ['a range that is turned around', '[z-a]'],
    ['a repeat that is turned around', 'a{3,2}'],
    ['an endless repeat', 'a{99999}'],
    ['nothing', ''],
    ['something that is not ASCII', 'é+'],
    ['too many parts', 'ab'.repeat(101)],
  ])('is refused with %s', (_, pattern) => {
    expect(() => parsePattern(pattern)).toThrow(RangeError)
  })

  const atom = fc.constantFrom('a', 'b', '[ab]', '[b-d]', '\\d', '\\.', '-')
  const repeat = fc.constantFrom('', '{2}', '{1,3}', '{2,}', '?', '+', '*')
  const pattern = fc
    .array(fc.tuple(atom, repeat), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.map((part) => part.join('')).join(''))
    .filter((source) => {
      try {
        parsePattern(source)
        return true
      } catch {
        return false
      }
    })

  it('means what the same regular expression means', () => {
    const text = fc.stringMatching(/^[abcd1.-]{0,8}$/)
    fc.assert(
      fc.property(pattern, text, (source, candidate) => {
        expect(matchesPattern(source, candidate)).toBe(
          new RegExp(`^(?:${source})$`).test(candidate),
        )
      }),
    )
  })

  it('fits its own samples', () => {
    fc.assert(
      fc.property(pattern, fc.nat(), (source, seed) => {
        expect(
          matchesPattern(
            source,
            samplePattern(source, (below) => seed % below),
          ),
        ).toBe(true)
      }),
    )
  })

  it('looks at no text that is longer than any key', () => {
    expect(matchesPattern('a+', 'a'.repeat(16_384))).toBe(true)
    expect(matchesPattern('a+', 'a'.repeat(16_385))).toBe(false)
  })
})
