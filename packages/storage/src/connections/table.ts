import type { Backend } from '../backend.ts'
import { createReadCache } from '../read-cache.ts'
import { notFound } from '../rows.ts'
import type { ConnectionRow } from '../schema.ts'
import type { Connection, ConnectionInfo } from './connection.ts'
import { toConnection, toInfo } from './row.ts'

/** How the parts of `Connections` read a connection and change it. */
export interface ConnectionTable {
  /** The remembered connection, read anew after every {@link ConnectionTable.change}. */
  readonly find: (handle: string) => Connection | undefined
  readonly rowOf: (handle: string) => ConnectionRow | undefined
  /** The row of a connection that is not revoked. @throws StorageError NOT_FOUND */
  readonly usable: (handle: string) => ConnectionRow
  /** A connection that is known to be there. */
  readonly infoOf: (handle: string) => ConnectionInfo
  /** A transaction that changes a connection, after which everybody reads it anew. */
  readonly change: <T>(handle: string, work: () => T) => Promise<T>
  /** The same for a single statement whose effect a power cut may undo. */
  readonly changeRelaxed: <T>(handle: string, work: () => T) => Promise<T>
  /** To be called inside any other transaction that changes a connection. */
  readonly forget: (handle: string) => void
}

/** Records are of a few hundred bytes, and of 256 KiB at most. */
const cachedConnections = 500

export function createConnectionTable({ db, commit }: Backend): ConnectionTable {
  const byHandle = db.prepare<ConnectionRow>('select * from connections where handle = ?')
  const known = createReadCache<Connection>(db, cachedConnections)
  const rowOf = (handle: string): ConnectionRow | undefined => byHandle.get(handle)
  const forgetting =
    <T>(handle: string, work: () => T) =>
    (): T => {
      known.forget(handle)
      return work()
    }
  return {
    find: (handle) =>
      known.get(handle, () => {
        const found = rowOf(handle)
        return found === undefined ? undefined : toConnection(found)
      }),
    rowOf,
    usable(handle) {
      const found = rowOf(handle)
      if (found === undefined || found.status === 'revoked') throw notFound('connection')
      return found
    },
    infoOf: (handle) => toInfo(rowOf(handle)!),
    forget: (handle) => known.forget(handle),
    change: (handle, work) => commit.transaction(forgetting(handle, work)),
    changeRelaxed: (handle, work) => commit.relaxed(forgetting(handle, work)),
  }
}
