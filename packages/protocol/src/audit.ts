/** What happened to the request that a record speaks of. */
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
  readonly requestId?: string | undefined
  readonly detail?: AuditDetail | undefined
}

/** One link of the chain. */
export interface AuditRecord extends AuditEntry {
  /** 1, 2, 3, … without gaps. */
  readonly seq: number
  /** Unix milliseconds. */
  readonly time: number
  /** Lower-case hex of the previous record's hash; 64 zeros for the first. */
  readonly prevHash: string
  /** Lower-case hex SHA-256 of {@link encodeAuditRecord}. */
  readonly hash: string
}

/** A point of the chain: everything up to `seq` is fixed by `hash`. */
export interface AuditHead {
  readonly seq: number
  readonly hash: string
}

/** A head that the enclave vouches for. */
export interface SignedAuditHead extends AuditHead {
  /** Unix milliseconds of signing. */
  readonly time: number
  readonly keyId: string
  /** base64url, over {@link encodeAuditHead}. */
  readonly signature: string
}
