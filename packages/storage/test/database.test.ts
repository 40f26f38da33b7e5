import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openStorage, StorageError } from '../src/index.ts'
import { createGroupCommit } from '../src/sqlite/group-commit.ts'
import { openDatabase } from '../src/sqlite/database.ts'
import { migrate } from '../src/sqlite/migrate.ts'
import { encryptionKey, temporaryFolder, temporaryStorage } from './helpers/temporary.ts'

const modeOf = (file: string): number => statSync(file).mode & 0o777

test('the database and its WAL are readable by their owner only, also when they were not before', async () => {
  const { storage, file } = temporaryStorage()
  await storage.settings.set('a', 1)
  expect([modeOf(file), modeOf(`${file}-wal`), modeOf(`${file}-shm`)]).toEqual([
    0o600, 0o600, 0o600,
  ])
  await storage.close()
  chmodSync(file, 0o644)
  temporaryStorage({ file })
  expect(modeOf(file)).toBe(0o600)
})

test('what was written is there after a restart, and opening again changes nothing', async () => {
  const { storage, file } = temporaryStorage()
  await storage.settings.set('name', { nested: [1, 'two', null] })
  await storage.close()
  const { storage: again } = temporaryStorage({ file })
  expect(await again.settings.get('name')).toEqual({ nested: [1, 'two', null] })
})

test('a database that a newer version has migrated is refused and left alone', async () => {
  const { storage, file } = temporaryStorage()
  await storage.close()
  const db = new Sqlite(file)
  db.exec(`insert into migrations values ('9999_future', 0)`)
  db.close()
  expect(() => openStorage({ file, encryptionKey })).toThrow(
    expect.objectContaining({ code: 'SCHEMA_TOO_NEW' }) as Error,
  )
})

test('a migration that fails leaves the old schema, also that of the migrations before it', () => {
  const db = openDatabase(join(temporaryFolder(), 'holdfast.db'))
  const good = { up: (db: never) => [build(db, 'create table good (a integer)')] }
  const bad = { up: (db: never) => [build(db, 'create table bad (')] }
  expect(() => {
    migrate(db, 0, { '0001_good': good, '0002_bad': bad } as never)
  }).toThrow('incomplete input')
  expect(db.prepare('select name from sqlite_schema').all()).toEqual([])
  migrate(db, 0, { '0001_good': good } as never)
  expect(db.prepare('select name from migrations').all()).toEqual([{ name: '0001_good' }])
  db.close()
})

function build(_db: never, sql: string): { sql: string; parameters: [] } {
  return { sql, parameters: [] }
}

test('another encryption key is refused at opening with a clear error', async () => {
  const { storage, file } = temporaryStorage()
  await storage.close()
  expect(() => openStorage({ file, encryptionKey: new Uint8Array(32) })).toThrow(
    expect.objectContaining({ code: 'WRONG_ENCRYPTION_KEY' }) as Error,
  )
  expect(() => openStorage({ file, encryptionKey: new Uint8Array(16) })).toThrow(StorageError)
})

test('of the writes that share a commit a failed one fails alone and wholly', async () => {
  const db = openDatabase(join(temporaryFolder(), 'holdfast.db'))
  db.prepare('create table t (a integer unique)').run()
  const commit = createGroupCommit(db)
  const insert = db.prepare('insert into t values (?)')
  const outcomes = await Promise.allSettled([
    commit.statement(() => insert.run(1)),
    commit.transaction(() => {
      insert.run(2)
      insert.run(1)
    }),
    commit.statement(() => insert.run(3)),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(db.prepare('select a from t order by a').all()).toEqual([{ a: 1 }, { a: 3 }])
  commit.close()
  db.close()
})

test('a write is committed before its promise resolves', async () => {
  const { storage, file } = temporaryStorage()
  const other = new Sqlite(file, { readonly: true })
  for (let i = 0; i < 20; i++) {
    await storage.settings.set(`name-${i}`, i)
    expect(
      other.prepare('select count(*) as n from settings where name like ?').get('json/%'),
    ).toEqual({
      n: i + 1,
    })
  }
  other.close()
})

test('the sweep deletes expired rows, at most 50 of a kind at a time, and nothing else', async () => {
  const { storage, file, clock } = temporaryStorage()
  const proofs = storage.oidcAdapter('ReplayDetection')
  for (let i = 0; i < 70; i++) await proofs.upsert(`proof-${i}`, {}, 300)
  await storage.oidcAdapter('Session').upsert('short', { uid: 'a' }, 300)
  await storage.oidcAdapter('Session').upsert('long', { uid: 'b' }, 3600)
  await storage.denials.add([{ kind: 'token', value: 'jti', expiresAtMs: clock.nowMs + 300_000 }])
  expect(await storage.sweepExpired()).toBe(0)
  clock.nowMs += 300_000
  expect([
    await storage.sweepExpired(),
    await storage.sweepExpired(),
    await storage.sweepExpired(),
  ]).toEqual([52, 20, 0])
  const rows = new Sqlite(file, { readonly: true })
  expect(rows.prepare('select count(*) as n from oidc_records').get()).toEqual({ n: 1 })
  rows.close()
})

test('a closed store refuses every call', async () => {
  const { storage } = temporaryStorage()
  await storage.close()
  await storage.close()
  const closed = { code: 'CLOSED' }
  await expect(storage.users.find('x')).rejects.toMatchObject(closed)
  await expect(storage.denials.match({})).rejects.toMatchObject(closed)
  await expect(storage.settings.set('a', 1)).rejects.toMatchObject(closed)
})

test('a database that skipped a migration gets it at the next start', () => {
  const db = openDatabase(join(temporaryFolder(), 'holdfast.db'))
  const table = (name: string) => ({
    up: (of: never) => [build(of, `create table ${name} (a integer)`)],
  })
  const [a, b, c] = ['a', 'b', 'c'].map(table)
  migrate(db, 0, { '0001_a': a, '0003_c': c } as never)
  migrate(db, 0, { '0001_a': a, '0002_b': b, '0003_c': c } as never)
  expect(db.prepare('select * from b').all()).toEqual([])
  db.close()
})
