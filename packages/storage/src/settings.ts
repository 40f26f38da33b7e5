import type { Backend } from './backend.ts'
import type { Cipher } from './cipher.ts'
import { StorageError } from './errors.ts'
import type { JsonValue } from './json.ts'
import { parseJson } from './rows.ts'
import type { Database } from './sqlite/database.ts'

/** Small values that the authorization server keeps between starts. */
export interface Settings {
  get(name: string): Promise<JsonValue | undefined>
  set(name: string, value: JsonValue): Promise<void>
  /** An encrypted value, e.g. cookie keys. */
  getSecret(name: string): Promise<Uint8Array | undefined>
  setSecret(name: string, value: Uint8Array): Promise<void>
  /** The stored secret, or `fresh` stored as such: all processes end up with the same one. */
  secretOrElse(name: string, fresh: Uint8Array): Promise<Uint8Array>
  delete(name: string): Promise<void>
}

export function createSettings({ db, commit, cipher }: Backend): Settings {
  const find = db.prepare<{ value: Buffer }>('select value from settings where name = ?')
  const put = db.prepare(
    'insert into settings (name, value) values (?, ?) on conflict do update set value = excluded.value',
  )
  const add = db.prepare('insert into settings (name, value) values (?, ?) on conflict do nothing')
  const remove = db.prepare('delete from settings where name in (?, ?)')
  // Plain and secret values live under different names, so that one can never be read as the other.
  const plain = (name: string): string => `json/${name}`
  const secret = (name: string): string => `secret/${name}`
  const openSecret = (name: string): Uint8Array | undefined => {
    const row = find.get(secret(name))
    return row === undefined ? undefined : cipher.open(`setting\0${name}`, row.value)
  }
  return {
    async get(name) {
      const row = find.get(plain(name))
      return row === undefined ? undefined : (parseJson(row.value.toString()) as JsonValue)
    },
    async set(name, value) {
      const bytes = Buffer.from(JSON.stringify(value))
      await commit.statement(() => put.run(plain(name), bytes))
    },
    async getSecret(name) {
      return openSecret(name)
    },
    async setSecret(name, value) {
      const sealed = cipher.seal(`setting\0${name}`, value)
      await commit.statement(() => put.run(secret(name), sealed))
    },
    async secretOrElse(name, fresh) {
      const sealed = cipher.seal(`setting\0${name}`, fresh)
      await commit.statement(() => add.run(secret(name), sealed))
      return openSecret(name)!
    },
    async delete(name) {
      await commit.statement(() => remove.run(plain(name), secret(name)))
    },
  }
}

/**
 * Remembers the encryption key of a new database and recognises it later.
 *
 * @throws StorageError WRONG_ENCRYPTION_KEY
 */
export function requireEncryptionKey(db: Database, cipher: Cipher): void {
  const name = 'key-check'
  db.prepare('insert into settings (name, value) values (?, ?) on conflict do nothing').run(
    name,
    cipher.seal(name, ''),
  )
  const row = db.prepare<{ value: Buffer }>('select value from settings where name = ?').get(name)
  try {
    cipher.open(name, row!.value)
  } catch (cause) {
    throw new StorageError(
      'WRONG_ENCRYPTION_KEY',
      'the database was encrypted under another key: give the key file that belongs to it',
      { cause },
    )
  }
}
