import { createReadCache, type ReadCache } from '../read-cache.ts'
import type { Database } from '../sqlite/database.ts'

/** A record of the library's model `Grant`, decrypted: every refresh looks at its own. */
interface GrantRecord {
  readonly text: string
  readonly expiresAtMs: number | null
}

const caches = new WeakMap<Database, ReadCache<GrantRecord>>()

/** One for all adapters of a database, by grant id. Whoever changes or deletes such a record forgets it here. */
export function grantRecords(db: Database): ReadCache<GrantRecord> {
  let cache = caches.get(db)
  if (cache === undefined) {
    cache = createReadCache<GrantRecord>(db)
    caches.set(db, cache)
  }
  return cache
}
