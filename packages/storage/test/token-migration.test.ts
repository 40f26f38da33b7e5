import { migrations } from '@holdfast/migrations'
import { expect, test } from 'vitest'
import { openDatabase } from '../src/sqlite/database.ts'
import { migrate } from '../src/sqlite/migrate.ts'
import { temporaryFolder, temporaryStorage } from './helpers/temporary.ts'

test('connections of an older database are kept as they were', async () => {
  const file = `${temporaryFolder()}/holdfast.db`
  const old = openDatabase(file)
  const names = Object.keys(migrations).filter((name) => name < '0006')
  migrate(old, 1, Object.fromEntries(names.map((name) => [name, migrations[name]!])))
  old
    .prepare(
      `insert into connections (handle, owner, provider, status, base_url, allowed_hosts, policy,
         kind, record_version, created_at_ms, updated_at_ms, record)
       values ('ddls:conn:old-github', 'usr_1', 'github', 'active', 'https://api.github.com',
         '["api.github.com"]', '{"methods":[],"paths":[],"resources":[]}', 'bearer', 3, 1, 2, x'07')`,
    )
    .run()
  old.close()
  const { storage } = temporaryStorage({ file })
  expect(await storage.connections.find('ddls:conn:old-github')).toMatchObject({
    owner: 'usr_1',
    status: 'active',
    kind: 'bearer',
    recordVersion: 3,
    record: Buffer.of(7),
    purpose: 'credential',
    appHandle: undefined,
    tokenRefreshAtMs: undefined,
    refreshFailures: 0,
  })
  expect(await storage.connections.list({ owner: 'usr_1' })).toHaveLength(1)
})
