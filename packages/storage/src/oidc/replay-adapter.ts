import type { Backend } from '../backend.ts'
import { StorageError } from '../errors.ts'
import { recordKeyOf } from './keys.ts'
import type { OidcAdapter } from './types.ts'

/**
 * Remembers the proofs and assertions that were used. The library asks `find` and then saves, which two requests
 * can do at once; so `find` always says no, and saving is the one atomic step that tells the second from the first.
 */
export function createReplayAdapter(
  { db, commit, cipher, now }: Backend,
  onReplayConflict: () => Error,
): OidcAdapter {
  // A row that has expired but is not swept yet counts as absent.
  const insert = db.prepare(
    `insert into oidc_replays (key, expires_at_ms) values (?, ?)
     on conflict (key) do update set expires_at_ms = excluded.expires_at_ms where expires_at_ms <= ?`,
  )
  const remove = db.prepare('delete from oidc_replays where key = ?')
  const keyOf = (id: string): Uint8Array => recordKeyOf(cipher, 'ReplayDetection', id)
  const nothing = async (): Promise<undefined> => undefined
  return {
    async upsert(id, _payload, expiresIn) {
      const nowMs = now()
      const expiresAtMs =
        expiresIn === undefined ? Number.MAX_SAFE_INTEGER : nowMs + expiresIn * 1000
      const key = keyOf(id)
      await commit.relaxed(() => {
        if (insert.run(key, expiresAtMs, nowMs) === 0) throw onReplayConflict()
      })
    },
    find: nothing,
    findByUid: nothing,
    findByUserCode: nothing,
    consume: nothing,
    async destroy(id) {
      await commit.relaxed(() => remove.run(keyOf(id)))
    },
    revokeByGrantId: nothing,
  }
}

/** The default of `onReplayConflict`. */
export function replayed(): StorageError {
  return new StorageError('REPLAYED', 'the proof or assertion was used already')
}
