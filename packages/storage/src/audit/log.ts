import { hash as sha256 } from 'node:crypto'
import { encodeAuditRecord, genesisHash } from '@holdfast/protocol/audit'
import type { AuditEntry, AuditPoint, AuditRecord, SignedAuditHead } from '@holdfast/protocol/audit'
import type { Backend } from '../backend.ts'
import { limitOf } from '../rows.ts'
import type { AuditHeadRow, AuditRow } from '../schema.ts'
import { normaliseEntry } from './entry.ts'
import { toColumns, toRecord } from './row.ts'

/** The append-only, hash-chained log. */
export interface AuditLog {
  /**
   * Appends a record and resolves once it is on disk; entries that arrive in the same turn of the event
   * loop share one commit. Strings over 512 characters are cut.
   * @throws StorageError INVALID_VALUE for a detail of another shape than {@link AuditEntry} allows
   */
  append(entry: AuditEntry): Promise<AuditRecord>
  /** Records with `seq > after`, in order. */
  read(range?: { readonly after?: number; readonly limit?: number }): Promise<AuditRecord[]>
  /** The last record's seq and hash, once it is on disk; seq 0 and the all-zero hash for an empty log. */
  head(): Promise<AuditPoint>
  /** Keeps what the enclave answered to `signHead`. */
  saveSignedHead(head: SignedAuditHead): Promise<void>
  /** In order of seq, those with `seq > after`; all of them without a limit. */
  signedHeads(range?: {
    readonly after?: number
    readonly limit?: number
  }): Promise<SignedAuditHead[]>
  latestSignedHead(): Promise<SignedAuditHead | undefined>
}

export function createAuditLog({ db, commit, now }: Backend): AuditLog {
  const last = db.prepare<{ seq: number; hash: Buffer }>(
    'select seq, hash from audit order by seq desc limit 1',
  )
  const after = db.prepare<AuditRow>('select * from audit where seq > ? order by seq limit ?')
  const insert = db.prepare(
    `insert into audit (seq, time_ms, type, outcome, actor, subject, client, resource, connection,
       grant_id, request_id, detail, prev_hash, hash)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertHead = db.prepare(
    `insert into audit_heads (seq, hash, time, key_id, signature) values (?, ?, ?, ?, ?)
     on conflict do nothing`,
  )
  const heads = db.prepare<AuditHeadRow>(
    'select * from audit_heads where seq > ? order by seq limit ?',
  )
  const latestHead = db.prepare<AuditHeadRow>('select * from audit_heads order by seq desc limit 1')

  const head = (): AuditPoint => {
    const row = last.get()
    return row === undefined
      ? { seq: 0, hash: genesisHash }
      : { seq: row.seq, hash: row.hash.toString('hex') }
  }

  /** Chains entries to the last record on disk, which another process may have written. */
  const link = (entries: readonly AuditEntry[]): AuditRecord[] => {
    const nowMs = now()
    const time = new Date(nowMs).toISOString()
    let { seq, hash: prevHash } = head()
    let prevDigest: Buffer = Buffer.from(prevHash, 'hex')
    return entries.map((entry) => {
      seq += 1
      const unhashed = { ...entry, seq, time, prev_hash: prevHash }
      const digest = sha256('sha256', encodeAuditRecord(unhashed), 'buffer')
      insert.run(...toColumns(unhashed, nowMs), prevDigest, digest)
      prevDigest = digest
      prevHash = digest.toString('hex')
      return { ...unhashed, hash: prevHash }
    })
  }

  /** The entries that share the next commit. */
  let batch:
    { readonly entries: AuditEntry[]; readonly records: Promise<AuditRecord[]> } | undefined

  const openBatch = (): NonNullable<typeof batch> => {
    const entries: AuditEntry[] = []
    const close = (): void => {
      if (batch === opened) batch = undefined
    }
    const records = commit.transaction(() => {
      close()
      return link(entries)
    })
    const opened = { entries, records }
    // A commit that never began must not leave the batch open: later entries would fail with it.
    records.catch(close)
    return opened
  }

  return {
    async append(entry) {
      const normal = normaliseEntry(entry)
      batch ??= openBatch()
      const { entries, records } = batch
      const index = entries.push(normal) - 1
      return (await records)[index]!
    },
    async read(range) {
      return after.all(range?.after ?? 0, limitOf(range)).map(toRecord)
    },
    async head() {
      const last = head()
      await commit.durable()
      return last
    },
    async saveSignedHead({ seq, hash, time, key_id, signature }) {
      await commit.statement(() => insertHead.run(seq, hash, time, key_id, signature))
    },
    async signedHeads(range) {
      return heads.all(range?.after ?? 0, range?.limit === undefined ? -1 : limitOf(range))
    },
    async latestSignedHead() {
      return latestHead.get()
    },
  }
}
