import type { Backend } from './backend.ts'

/** Tables whose rows die at `expires_at_ms`, and by what their rows are named. */
const expiring = [
  { table: 'oidc_replays', key: 'key' },
  { table: 'oidc_records', key: 'id' },
  { table: 'denials', key: '(kind, value)' },
  { table: 'pending_authorizations', key: 'ticket_hash' },
  { table: 'connect_tickets', key: 'id' },
  { table: 'attempts', key: 'name' },
  { table: 'sign_in_addresses', key: 'hash' },
] as const

/** Deletes at most `limit` expired rows of each table; more at once would hold up requests. */
export function createSweep({ db, commit, now }: Backend): (limit: number) => Promise<number> {
  const statements = expiring.map(({ table, key }) => {
    const columns = key.replace(/[()]/g, '')
    return db.prepare(
      `delete from ${table} where ${key} in
         (select ${columns} from ${table} where expires_at_ms <= ? limit ?)`,
    )
  })
  return (limit) =>
    commit.relaxed(() => {
      const nowMs = now()
      return statements.reduce((sum, statement) => sum + statement.run(nowMs, limit), 0)
    })
}
