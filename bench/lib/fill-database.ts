import Database from 'better-sqlite3'

const step = 100_000
/** Row numbers are multiples of this; those between are free for rows in use. */
const gap = 16
/** Lower row numbers are those of rows that were there before. */
const reserved = 65_536

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
const rowSql = `${reserved} + i * ${gap}`
const scopes = `'["read"]'`

/** One statement for each table; `i` counts from `:from` to `:to`. */
const fills: Readonly<Record<string, string>> = {
  connections: `insert into connections (rowid, handle, owner, provider, name, label, status, base_url,
      allowed_hosts, policy, kind, summary, record_version, created_at_ms, updated_at_ms, record)
    select ${rowSql}, handle_of(i), ${ownerSql}, 'bench-api', 'bench-api', 'Bench',
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
      '{"bench-api":"' || handle_of(i) || '"}', :now, :now from n`,
  oidc_records: `insert into oidc_records (id, key, grant_key, expires_at_ms, payload)
    select ${rowSql}, randomblob(16), random(), :now + 100000000 + i, randomblob(270) from n`,
}

/** What to fill, and how. */
export interface Filling {
  readonly file: string
  /** Of each table. */
  readonly rows: number
  /** Handles of connections, in the order of the rows. Default: {@link grown}. */
  readonly handle?: (row: number) => string
  readonly progress: (text: string) => void
}

/** Adds rows to a database that nobody has open. */
export function fillDatabase({ file, rows, handle = grown.handle, progress }: Filling): void {
  const db = new Database(file)
  db.function('handle_of', { deterministic: true }, (row) => handle(Number(row)))
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
  db.exec('commit')
  db.exec('analyze')
  db.pragma('journal_mode = wal')
  db.close()
}

/** Moves rows that were there before the database was filled, or came later, between the others. */
export function spreadRows(
  file: string,
  table: 'connections' | 'oidc_records',
  filled: number,
): void {
  const db = new Database(file)
  const ids = db
    .prepare<[number, number], number>(
      `select rowid from ${table} where rowid <= ? or rowid > ? order by rowid`,
    )
    .pluck()
    .all(reserved, reserved + filled * gap)
  const move = db.prepare(`update ${table} set rowid = ? where rowid = ?`)
  db.transaction(() => {
    for (const [i, id] of ids.entries()) {
      const place = 1 + Math.floor((i * (filled - 1)) / ids.length)
      // Several may lie between two others.
      move.run(reserved + place * gap + 1 + (i % (gap - 1)), id)
    }
  })()
  db.close()
}
