import { hash } from 'node:crypto'
import type { Backend } from './backend.ts'

/**
 * The memory of uploaded envelopes that carry no binding: whoever finds an old one must not be able to
 * upload it into a connection of their own. A hash of 32 bytes each, kept as long as the database, because
 * the key that opens them is.
 */
export interface UsedEnvelopes {
  /** Remembers an envelope; false when it was taken before, also by another process. */
  take(envelope: Uint8Array): Promise<boolean>
  /** Forgets one that nobody opened. */
  release(envelope: Uint8Array): Promise<void>
}

const sha256 = (envelope: Uint8Array): Uint8Array => hash('sha256', envelope, 'buffer')

export function createUsedEnvelopes({ db, commit, now }: Backend): UsedEnvelopes {
  const insert = db.prepare('insert or ignore into used_envelopes (hash, used_at_ms) values (?, ?)')
  const remove = db.prepare('delete from used_envelopes where hash = ?')
  return {
    take: (envelope) => commit.statement(() => insert.run(sha256(envelope), now()) === 1),
    release: (envelope) => commit.statement(() => void remove.run(sha256(envelope))),
  }
}
