import { openStorage } from '@holdfast/storage'
import { type AuditEntry, encodeAuditRecord } from '@holdfast/protocol/audit'
import Database from 'better-sqlite3'
import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GroupSetup } from '../lib/group.ts'
import { inParallel } from '../lib/measure.ts'

const oursName = 'holdfast audit, on disk, group commit, 16 at once'
const baselineName = 'hash-chained insert, not awaited on disk, one transaction each'

/** The durable audit record of ours against the least durable thing that could be called one. */
export const auditGroup: GroupSetup = async ({ quick }) => {
  const count = quick ? 4000 : 16_000
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-audit-'))
  const storage = openStorage({
    file: join(folder, 'holdfast.db'),
    encryptionKey: crypto.getRandomValues(new Uint8Array(32)),
    sweepIntervalMs: 0,
  })
  const baseline = openBaseline(join(folder, 'baseline.db'))
  const entry = {
    type: 'dispatch',
    outcome: 'success',
    actor: 'usr_01J0000000000000000000000',
    client: 'cli_01J0000000000000000000000',
    resource: 'http://127.0.0.1:24801/mcp',
    connection: 'ddls:conn:01J0000000000000000000000-bench',
    detail: { method: 'GET', path: '/user', status: 200 },
  } as const
  return {
    name: 'audit',
    about: 'one audit record; ours is on disk before the call returns, the baseline may lose it',
    variants: [
      {
        name: baselineName,
        count,
        run: async (n) => {
          for (let i = 0; i < n; i += 1) baseline.append(entry)
        },
      },
      {
        name: oursName,
        count,
        run: async (n) => {
          const before = await storage.audit.head()
          await inParallel(n, 16, async () => {
            await storage.audit.append(entry)
          })
          const after = await storage.audit.head()
          if (after.seq - before.seq !== n) throw new Error('audit records are missing')
        },
      },
    ],
    ratios: (by) => ({
      G11: by(oursName).microsecondsPerOperation / by(baselineName).microsecondsPerOperation,
    }),
    close: async () => {
      baseline.close()
      await storage.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The same record, chained and stored in the same columns, one relaxed transaction each. */
function openBaseline(file: string): { append(entry: AuditEntry): void; close(): void } {
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.exec(`create table log (seq integer primary key, time_ms integer, type text, outcome text,
    actor text, client text, resource text, connection text, detail text, prev_hash blob, hash blob)`)
  const insert = db.prepare('insert into log values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  let previous = Buffer.alloc(32)
  let seq = 0
  const append = db.transaction((entry: AuditEntry) => {
    seq += 1
    const now = Date.now()
    const record = {
      ...entry,
      seq,
      time: new Date(now).toISOString(),
      prev_hash: previous.toString('hex'),
    }
    const next = hash('sha256', encodeAuditRecord(record), 'buffer')
    insert.run(
      ...[seq, now, entry.type, entry.outcome, entry.actor, entry.client, entry.resource],
      ...[entry.connection, JSON.stringify(entry.detail), previous, next],
    )
    previous = next
  })
  return { append, close: () => db.close() }
}
