import { hash } from 'node:crypto'
import type { Backend } from './backend.ts'

/**
 * The memory of uploaded envelopes that carry no binding: whoever finds an old one must not be able to
 * upload it into a connection of their own.
 *
 * Nothing is ever forgotten. An envelope stays as good as new for as long as the enclave has the key that opens
 * it, which is for good, and neither its connection nor its account has to be there for that. So rows are small,
 * and each comes with an audit record many times its size.
 *
 * @see the ADR on storage
 */
export interface UsedEnvelopes {
  /** Remembers an envelope; false when it was taken before, also by another process. */
  take(envelope: Uint8Array): Promise<boolean>
  /** Forgets one that nobody opened. */
  release(envelope: Uint8Array): Promise<void>
}

/** As of other keys of rows. What would be needed to upload one again is other bytes that open as it does. */
const fingerprintLength = 16

const fingerprintOf = (envelope: Uint8Array): Uint8Array =>
  hash('sha256', envelope, 'buffer').subarray(0, fingerprintLength)

export function createUsedEnvelopes({ db, commit }: Backend): UsedEnvelopes {
  const insert = db.prepare('insert or ignore into used_envelopes (fingerprint) values (?)')
  const remove = db.prepare('delete from used_envelopes where fingerprint = ?')
  return {
    take: (envelope) => commit.statement(() => insert.run(fingerprintOf(envelope)) === 1),
    release: (envelope) => commit.statement(() => void remove.run(fingerprintOf(envelope))),
  }
}
