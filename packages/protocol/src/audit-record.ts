import { utf8 } from './bytes.ts'

/** What became of the request that a record speaks of. */
export type AuditOutcome = 'success' | 'denied' | 'failed'

/** Further facts: at most 16 names of `[a-z][a-z0-9_]{0,31}`, values short, integers safe; never a secret. */
export type AuditDetail = { readonly [name: string]: string | number | boolean }

/** What the caller says about an event; seq, time and the hashes are added by the log. */
export interface AuditEntry {
  /** Dotted name, e.g. `dispatch`, `connection.sealed`, `grant.revoked`. */
  readonly type: string
  readonly outcome: AuditOutcome
  /** Who did it: `usr_…`, a client id, or `system`. */
  readonly actor?: string | undefined
  /** To whom or what it was done, when no field below names it: a user, a key id, … */
  readonly subject?: string | undefined
  readonly client?: string | undefined
  readonly resource?: string | undefined
  /** Connection handle. */
  readonly connection?: string | undefined
  readonly grant?: string | undefined
  readonly request_id?: string | undefined
  readonly detail?: AuditDetail | undefined
}

/** One link of the chain, in the form in which it is stored, served and exported. */
export interface AuditRecord extends AuditEntry {
  /** 1, 2, 3, … without gaps. */
  readonly seq: number
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string
  /** Lower-case hex of the previous record's hash; {@link genesisHash} for the first. */
  readonly prev_hash: string
  /** Lower-case hex SHA-256 of {@link encodeAuditRecord}. */
  readonly hash: string
}

/** A point of the chain: everything up to `seq` is fixed by `hash`. */
export interface AuditPoint {
  readonly seq: number
  readonly hash: string
}

/** `prev_hash` of the first record. */
export const genesisHash: string = '0'.repeat(64)

/**
 * The bytes whose SHA-256 is a record's `hash`: the RFC 8785 text of one JSON array, whose first
 * element names this format, with `null` for an absent field and `detail` in order of its names.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8785} JSON Canonicalization Scheme
 */
export function encodeAuditRecord(record: Omit<AuditRecord, 'hash'>): Uint8Array {
  // JSON.stringify of an array of strings, safe integers and booleans is RFC 8785 as it stands, and fast.
  return utf8(
    JSON.stringify([
      'holdfast-audit-v1',
      record.seq,
      record.time,
      record.prev_hash,
      record.type,
      record.outcome,
      record.actor,
      record.subject,
      record.client,
      record.resource,
      record.connection,
      record.grant,
      record.request_id,
      record.detail === undefined ? null : sortedByName(record.detail),
    ]),
  )
}

/** The same facts with their names in code unit order. */
export function sortedByName(detail: AuditDetail): AuditDetail {
  if (isSorted(detail)) return detail
  const sorted: Record<string, string | number | boolean> = Object.create(null) as typeof sorted
  for (const name of Object.keys(detail).sort()) sorted[name] = detail[name]!
  return sorted
}

function isSorted(detail: AuditDetail): boolean {
  let before = ''
  for (const name in detail) {
    if (name < before) return false
    before = name
  }
  return true
}
