import type { Backend } from './backend.ts'
import { createReadCache, type ReadCache } from './read-cache.ts'
import type { DenialRow } from './schema.ts'
import type { Database } from './sqlite/database.ts'

export type DenialKind = 'user' | 'client' | 'grant' | 'token'

/** One entry of the deny list that resource servers fetch. */
export interface DenialEntry {
  readonly kind: DenialKind
  /** `sub`, client id, `ddls:grant` or `jti`. */
  readonly value: string
  readonly expiresAtMs: number
}

export interface Denials {
  /** Adds or extends entries and moves the epoch on, once for all of them. */
  add(entries: readonly DenialEntry[]): Promise<void>
  /** All unexpired entries and the epoch they belong to. */
  list(): Promise<{ readonly epoch: number; readonly entries: readonly DenialEntry[] }>
  /** Changes whenever an entry is added, extended or lifted; never goes back. */
  epoch(): Promise<number>
  /** The entry that denies a token with these claims, if any; one indexed read. */
  match(claims: {
    readonly user?: string | undefined
    readonly client?: string | undefined
    readonly grant?: string | undefined
    readonly token?: string | undefined
  }): Promise<DenialEntry | undefined>
}

/** Adds entries inside the caller's transaction and moves the epoch on. */
export function addDenials(db: Database, entries: readonly DenialEntry[]): void {
  const insert = db.prepare(
    `insert into denials (kind, value, expires_at_ms) values (?, ?, ?)
     on conflict do update set expires_at_ms = max(expires_at_ms, excluded.expires_at_ms)`,
  )
  for (const { kind, value, expiresAtMs } of entries) insert.run(kind, value, expiresAtMs)
  moveEpoch(db)
}

/** Takes an entry back inside the caller's transaction. */
export function liftDenial(db: Database, kind: DenialKind, value: string): void {
  db.prepare('delete from denials where kind = ? and value = ?').run(kind, value)
  moveEpoch(db)
}

function moveEpoch(db: Database): void {
  epochs.get(db)?.clear()
  db.prepare('update denial_epoch set epoch = epoch + 1').run()
}

/** The epoch as last read; every request asks for it. */
const epochs = new WeakMap<Database, ReadCache<number>>()

export function createDenials({ db, commit, now }: Backend): Denials {
  const epoch = db.prepare<{ epoch: number }>('select epoch from denial_epoch')
  const known = createReadCache<number>(db)
  epochs.set(db, known)
  // One statement, so that the entries are those of the epoch also while another process writes.
  const live = db.prepare<LiveRow>(
    `select epoch, kind, value, expires_at_ms from denial_epoch
     left join denials on expires_at_ms > ? order by kind, value`,
  )
  const match = db.prepare<DenialRow>(
    `select kind, value, expires_at_ms from denials
     where expires_at_ms > ? and (kind, value) in
       (values ('user', ?), ('client', ?), ('grant', ?), ('token', ?))
     limit 1`,
  )
  return {
    async add(entries) {
      if (entries.length === 0) return
      await commit.transaction(() => {
        addDenials(db, entries)
      })
    },
    async list() {
      const rows = live.all(now())
      return { epoch: rows[0]!.epoch, entries: rows.filter(isDenial).map(toEntry) }
    },
    async epoch() {
      return known.get('epoch', () => epoch.get()!.epoch)!
    },
    async match({ user, client, grant, token }) {
      const row = match.get(now(), user ?? null, client ?? null, grant ?? null, token ?? null)
      return row === undefined ? undefined : toEntry(row)
    },
  }
}

/** The epoch alone, or with a denial. */
type LiveRow = { epoch: number } & (DenialRow | { [K in keyof DenialRow]: null })

const isDenial = (row: LiveRow): row is DenialRow & { epoch: number } => row.kind !== null

function toEntry(row: DenialRow): DenialEntry {
  return { kind: row.kind, value: row.value, expiresAtMs: row.expires_at_ms }
}
