import type { AuditEntry, AuditPoint, AuditRecord, SignedAuditHead } from '@holdfast/protocol/audit'

/** The append-only, hash-chained log. */
export interface AuditLog {
  /**
   * Appends a record and resolves once it is on disk (`synchronous=FULL`); entries that arrive in the same
   * turn of the event loop share one commit. Strings over 512 characters are cut.
   * @throws StorageError INVALID_VALUE for a detail of another shape than {@link AuditEntry} allows
   */
  append(entry: AuditEntry): Promise<AuditRecord>
  /** Records with `seq > after`, in order. */
  read(range?: { readonly after?: number; readonly limit?: number }): Promise<AuditRecord[]>
  /** The last record's seq and hash; seq 0 and the all-zero hash for an empty log. */
  head(): Promise<AuditPoint>
  /** Keeps what the enclave answered to `signHead`. */
  saveSignedHead(head: SignedAuditHead): Promise<void>
  /** In order of seq. */
  signedHeads(): Promise<SignedAuditHead[]>
}
