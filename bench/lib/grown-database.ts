/** A database of ours with as many rows as asked for, made quickly. */
import { openStorage, type Storage } from '@holdfast/storage'
import Database from 'better-sqlite3'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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
const step = 100_000
/** As many as the smallest database has rows, so that each has its own client and grant. */
const inUse = 1200

/** Numbers spread over 32 bits, so that names come in no order; each number once. */
const spread = (i: number): string =>
  (Math.imul(i, 2_654_435_761) >>> 0).toString(16).toUpperCase().padStart(8, '0')
// The same in SQL.
const spreadSql = `printf('%08X', (i * 2654435761) & 4294967295)`

/** Names of the rows 1 to `rows`. */
export const grown = {
  // Handles begin with the time and so come in order, as ours do.
  handle: (i: number): string => `ddls:conn:01J${String(i).padStart(23, '0')}-bench-api`,
  owner: (i: number): string => `usr_01J${String(i % 100_000).padStart(23, '0')}`,
  client: (i: number): string => `cli_${spread(i)}AAAAAAAAAAAAAA`,
  grant: (i: number): string => `${spread(i)}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`,
} as const
const ownerSql = `printf('usr_01J%023d', i % 100000)`
const clientSql = `${spreadSql} || 'AAAAAAAAAAAAAA'`
const scopes = `'["read"]'`

/** One statement for each table; `i` counts from `:from` to `:to`. */
const fills: Readonly<Record<string, string>> = {
  connections: `insert into connections (handle, owner, provider, name, label, status, base_url,
      allowed_hosts, policy, kind, summary, record_version, created_at_ms, updated_at_ms, record)
    select printf('ddls:conn:01J%023d-bench-api', i), ${ownerSql}, 'bench-api', 'bench-api', 'Bench',
      'active', 'https://api.bench.example', '["api.bench.example:443"]',
      '{"methods":["GET"],"paths":["/user"],"resources":["https://bench.example/mcp"]}',
      'bearer', '{}', 1, :now, :now, randomblob(260) from n`,
  clients: `insert into clients (client_id, source, created_at_ms, updated_at_ms, revision, metadata)
    select 'cli_' || ${clientSql}, 'manual', :now, :now, 1,
      '{"client_name":"Bench","application_type":"native","redirect_uris":["http://127.0.0.1/callback"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none"}'
      from n`,
  grants: `insert into grants (grant_id, user_id, client_id, resource, scopes, connections,
      created_at_ms, updated_at_ms)
    select ${spreadSql} || 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', ${ownerSql}, 'cli_' || ${clientSql},
      'https://bench.example/mcp', ${scopes},
      '{"bench-api":"' || printf('ddls:conn:01J%023d-bench-api', i) || '"}', :now, :now from n`,
  // Room between the ids for those in use.
  oidc_records: `insert into oidc_records (id, key, grant_key, expires_at_ms, payload)
    select i * 16, randomblob(16), random(), :now + 100000000 + i, randomblob(270) from n`,
}

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
    fill(options.file, rows, progress)
    const storage = openStorage(options)
    const refreshTokens = await addRefreshTokens(storage, options.file, rows)
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

function fill(file: string, rows: number, progress: (text: string) => void): void {
  const db = new Database(file)
  db.pragma('synchronous = off')
  db.pragma('cache_size = -400000')
  // What is written here may be lost: then the bench is run again.
  for (const mode of ['delete', 'off']) db.pragma(`journal_mode = ${mode}`)
  const now = Date.now()
  db.exec('begin')
  for (const [table, select] of Object.entries(fills)) {
    const insert = db.prepare(
      select.replace(
        /^insert/,
        'with recursive n(i) as (select :from union all select i + 1 from n where i < :to) insert',
      ),
    )
    for (let from = 1; from <= rows; from += step) {
      progress(`filling ${table}: ${from - 1} of ${rows}`)
      insert.run({ now, from, to: Math.min(rows, from + step - 1) })
    }
  }
  db.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
     insert into oidc_records (key, grant_key, expires_at_ms, payload)
     select randomblob(16), random(), i, randomblob(270) from n`,
  ).run(expired)
  db.exec('commit')
  db.exec('analyze')
  db.pragma('journal_mode = wal')
  db.close()
}

/** Saves refresh tokens as the library has them saved, then moves their rows between the others. */
async function addRefreshTokens(
  storage: Storage,
  file: string,
  rows: number,
): Promise<readonly string[]> {
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
  const db = new Database(file)
  const made = db
    .prepare<[], number>(`select id from oidc_records order by id desc limit ${2 * inUse}`)
    .pluck()
    .all()
  const move = db.prepare('update oidc_records set id = ? where id = ?')
  db.transaction(() => {
    for (const [i, id] of made.entries()) {
      // Row numbers that are no multiple of 16 are free; several may lie between two others.
      move.run(16 * (1 + Math.floor((i * (rows - 1)) / made.length)) + 1 + (i % 15), id)
    }
  })()
  db.close()
  return tokens
}
