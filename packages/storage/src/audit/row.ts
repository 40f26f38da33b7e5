import type { AuditDetail, AuditRecord } from '@holdfast/protocol/audit'
import { parseJson } from '../rows.ts'
import type { AuditRow } from '../schema.ts'

/** The values of all columns up to the hashes, in the order of the table. */
export function toColumns(
  record: Omit<AuditRecord, 'hash' | 'prev_hash'>,
  timeMs: number,
): readonly unknown[] {
  return [
    record.seq,
    timeMs,
    record.type,
    record.outcome,
    record.actor ?? null,
    record.subject ?? null,
    record.client ?? null,
    record.resource ?? null,
    record.connection ?? null,
    record.grant ?? null,
    record.request_id ?? null,
    record.detail === undefined ? null : JSON.stringify(record.detail),
  ]
}

export function toRecord(row: AuditRow): AuditRecord {
  return {
    seq: row.seq,
    time: new Date(row.time_ms).toISOString(),
    type: row.type,
    outcome: row.outcome,
    ...(row.actor !== null && { actor: row.actor }),
    ...(row.subject !== null && { subject: row.subject }),
    ...(row.client !== null && { client: row.client }),
    ...(row.resource !== null && { resource: row.resource }),
    ...(row.connection !== null && { connection: row.connection }),
    ...(row.grant_id !== null && { grant: row.grant_id }),
    ...(row.request_id !== null && { request_id: row.request_id }),
    ...(row.detail !== null && { detail: parseJson(row.detail) as AuditDetail }),
    prev_hash: Buffer.from(row.prev_hash).toString('hex'),
    hash: Buffer.from(row.hash).toString('hex'),
  }
}
