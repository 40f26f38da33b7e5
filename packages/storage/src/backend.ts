import type { Cipher } from './cipher.ts'
import type { Database } from './sqlite/database.ts'
import type { GroupCommit } from './sqlite/group-commit.ts'

/** What every repository works with. */
export interface Backend {
  /** Reads go straight here; writes go through {@link Backend.commit}. */
  readonly db: Database
  readonly commit: GroupCommit
  readonly cipher: Cipher
  /** Unix milliseconds. */
  readonly now: () => number
}
