import type { Database } from './sqlite/database.ts'

/** Values read from the database that are handed out again until somebody writes. */
export interface ReadCache<Value> {
  /** The remembered value, or what `read` finds; what is not there is not remembered. */
  get(key: string, read: (key: string) => Value | undefined): Value | undefined
  /**
   * To be called by every write of this process to what was read under the key, inside its transaction;
   * not needed for a cache of a named table.
   */
  forget(key: string): void
  /** The same for writes that concern any key. */
  clear(): void
}

/**
 * For rows that many requests read and hardly anyone writes. Other processes' writes clear it too.
 *
 * @param table - of which all rows are that are read: every write to it clears the cache by itself
 */
export function createReadCache<Value>(
  db: Database,
  limit = 1000,
  table?: string,
): ReadCache<Value> {
  const values = new Map<string, Value>()
  let foreignWrites = -1
  let ownWrites = 0
  return {
    get(key, read) {
      const foreign = db.foreignWrites()
      const own = table === undefined ? 0 : db.ownWrites(table)
      if (foreign !== foreignWrites || own !== ownWrites) values.clear()
      foreignWrites = foreign
      ownWrites = own
      const known = values.get(key)
      if (known !== undefined) return known
      const found = read(key)
      if (found === undefined) return undefined
      if (values.size >= limit) values.delete(values.keys().next().value!)
      values.set(key, found)
      return found
    },
    forget: (key) => {
      values.delete(key)
    },
    clear: () => {
      values.clear()
    },
  }
}
