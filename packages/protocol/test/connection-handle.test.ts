import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  connectionHandleSchema,
  formatConnectionHandle,
  isConnectionHandle,
  maxHandleLength,
  parseConnectionHandle,
  providerNameSchema,
} from '../src/connection-handle.ts'

const crockford = Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ')
const ulids = fc
  .tuple(
    fc.constantFrom(...Array.from('01234567')),
    fc.string({ unit: fc.constantFrom(...crockford), minLength: 25, maxLength: 25 }),
  )
  .map((parts) => parts.join(''))
const providers = fc
  .stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/)
  .filter((name) => name.length <= 40)

describe('connection handle', () => {
  it('is made of a ULID and a provider and reads back as itself', () => {
    fc.assert(
      fc.property(ulids, providers, (ulid, provider) => {
        const handle = formatConnectionHandle(ulid, provider)
        expect(handle).toBe(`ddls:conn:${ulid}-${provider}`)
        expect(parseConnectionHandle(handle)).toBe(handle)
        expect(connectionHandleSchema.parse(handle)).toBe(handle)
        expect(providerNameSchema.parse(provider)).toBe(provider)
      }),
    )
  })

  it('accepts the older form with an underscore', () => {
    expect(isConnectionHandle('ddls:conn_abc123')).toBe(true)
  })

  it.each([
    '',
    'ddls:conn:',
    'ddls:conn:a b',
    'ddls:conn:a\n',
    '\nddls:conn:a',
    'ddls:conn:ä',
    'DDLS:conn:a',
    'ddls:conn;a',
    'ddls:conn:a/b',
    'ddls:conn:a%41',
    'ddls:conn:a.b',
    `ddls:conn:${'a'.repeat(maxHandleLength)}`,
  ])('refuses %j', (text) => {
    expect(isConnectionHandle(text)).toBe(false)
    expect(connectionHandleSchema.safeParse(text).success).toBe(false)
    expect(() => parseConnectionHandle(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_HANDLE' }) as Error,
    )
  })

  it('refuses whatever is no string', () => {
    for (const value of [undefined, null, 1, {}, ['ddls:conn:a']])
      expect(isConnectionHandle(value)).toBe(false)
  })

  it('does not make one of a wrong ULID or provider', () => {
    const ulid = '01J0000000000000000000000A'
    for (const [id, provider] of [
      ['8ZZZZZZZZZZZZZZZZZZZZZZZZZ', 'x'],
      [`${ulid}A`, 'x'],
      [ulid.toLowerCase(), 'x'],
      ['0IJ0000000000000000000000A', 'x'],
      [ulid, ''],
      [ulid, '-x'],
      [ulid, 'x-'],
      [ulid, 'X'],
      [ulid, 'a_b'],
      [ulid, 'a'.repeat(41)],
    ] as const) {
      expect(() => formatConnectionHandle(id, provider)).toThrow(
        expect.objectContaining({ code: 'INVALID_HANDLE' }) as Error,
      )
    }
  })
})
