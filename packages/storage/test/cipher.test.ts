import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createCipher } from '../src/cipher.ts'
import { newUlid } from '../src/index.ts'
import { encryptionKey, temporaryStorage } from './helpers/temporary.ts'

const cipher = createCipher(encryptionKey)

test('a sealed value opens only unaltered, in its own context and under its own key', () => {
  const sealed = cipher.seal('client-secret\0a', 'text')
  expect(Buffer.from(cipher.open('client-secret\0a', sealed)).toString()).toBe('text')
  const unreadable = expect.objectContaining({ code: 'UNREADABLE_RECORD' }) as Error
  expect(() => cipher.open('client-secret\0b', sealed)).toThrow(unreadable)
  expect(() => createCipher(new Uint8Array(32)).open('client-secret\0a', sealed)).toThrow(
    unreadable,
  )
  expect(() => cipher.open('client-secret\0a', sealed.subarray(0, 20))).toThrow(unreadable)
  for (let at = 0; at < sealed.length; at++) {
    const altered = Uint8Array.from(sealed)
    altered[at]! ^= 1
    expect(() => cipher.open('client-secret\0a', altered)).toThrow(unreadable)
  }
})

test('the same value is sealed differently each time', () => {
  const seen = new Set<string>()
  for (let i = 0; i < 1000; i++) seen.add(Buffer.from(cipher.seal('c', '')).toString('hex'))
  expect(seen.size).toBe(1000)
})

test('a payload that was moved to another row in the database is not read there', async () => {
  const { storage, file } = temporaryStorage()
  const sessions = storage.oidcAdapter('Session')
  await sessions.upsert('mine', { jti: 'mine', accountId: 'usr_me' }, 60)
  await sessions.upsert('theirs', { jti: 'theirs', accountId: 'usr_them' }, 60)
  const db = new Sqlite(file)
  db.exec(
    'update oidc_records set payload = (select payload from oidc_records where id = 2) where id = 1',
  )
  db.close()
  await expect(sessions.find('mine')).rejects.toMatchObject({ code: 'UNREADABLE_RECORD' })
})

test('ULIDs are distinct, well-formed and sort by time', () => {
  const ids = Array.from({ length: 100 }, (_, i) => newUlid(1_800_000_000_000 + i))
  expect(new Set(ids).size).toBe(100)
  expect(ids.toSorted()).toEqual(ids)
  for (const id of ids) expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
})
