/** A database of ours with as many rows as asked for, made quickly. */
import { openStorage, type Storage } from '@holdfast/storage'
import Database from 'better-sqlite3'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fillDatabase, grown, spreadRows } from './fill-database.ts'

/** A grown database, open. */
export interface GrownDatabase {
  readonly rows: number
  readonly storage: Storage
  /** Refresh tokens, spread over all others, whose rows can be decrypted. */
  readonly refreshTokens: readonly string[]
  /** Closes it and deletes its files. */
  close(): Promise<void>
}

/** Rows that have expired already, for the purge. */
const expired = 4000
/** As many as the smallest database has rows, so that each has its own client and grant. */
const inUse = 1200

/** Makes it in a temporary folder; with a million rows it takes about 1.8 GB until it is closed. */
export async function growDatabase(
  rows: number,
  progress: (text: string) => void,
): Promise<GrownDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-grown-'))
  const options = {
    file: join(folder, 'holdfast.db'),
    encryptionKey: crypto.getRandomValues(new Uint8Array(32)),
    sweepIntervalMs: 0,
  }
  try {
    // The schema is that of the migrations.
    await openStorage(options).close()
    fillDatabase({ file: options.file, rows, progress })
    const storage = openStorage(options)
    const refreshTokens = await addRefreshTokens(storage, rows)
    spreadRows(options.file, 'oidc_records', rows)
    addExpired(options.file)
    return {
      rows,
      storage,
      refreshTokens,
      close: async () => {
        await storage.close()
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Saves refresh tokens as the library has them saved. */
async function addRefreshTokens(storage: Storage, rows: number): Promise<readonly string[]> {
  const adapter = storage.oidcAdapter('RefreshToken')
  const grants = storage.oidcAdapter('Grant')
  const tokens = Array.from({ length: inUse }, (_, i) => `refresh-token-of-the-bench-${i}`)
  await Promise.all(
    tokens.map(async (jti, i) => {
      const number = 1 + Math.floor((i * rows) / inUse)
      const grantId = grown.grant(number)
      const clientId = grown.client(number)
      const accountId = grown.owner(number)
      const resource = 'https://bench.example/mcp'
      const common = { jti, accountId, clientId, iat: 1, exp: 4_000_000_000 }
      await grants.upsert(
        grantId,
        { ...common, kind: 'Grant', jti: grantId, resources: { [resource]: 'read' } },
        100_000,
      )
      await adapter.upsert(
        jti,
        {
          ...common,
          kind: 'RefreshToken',
          grantId,
          gty: 'authorization_code',
          scope: 'read',
          resource,
          jkt: 'k'.repeat(43),
        },
        100_000,
      )
    }),
  )
  return tokens
}

function addExpired(file: string): void {
  const db = new Database(file)
  db.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
     insert into oidc_records (key, grant_key, expires_at_ms, payload)
     select randomblob(16), random(), i, randomblob(270) from n`,
  ).run(expired)
  db.close()
}
