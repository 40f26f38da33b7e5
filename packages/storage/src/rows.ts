import { StorageError } from './errors.ts'
import type { Page } from './paging.ts'
import { isUniqueViolation } from './sqlite/database.ts'

/** The page size to use. @throws StorageError INVALID_VALUE */
export function limitOf(page: Pick<Page, 'limit'> | undefined): number {
  const limit = page?.limit ?? 100
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw new StorageError('INVALID_VALUE', 'limit must be an integer between 1 and 1000')
  }
  return limit
}

export function notFound(what: string): StorageError {
  return new StorageError('NOT_FOUND', `no such ${what}`)
}

/** Runs an insert; a taken unique value becomes StorageError EXISTS with this message. */
export function orExists<T>(message: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (isUniqueViolation(error)) throw new StorageError('EXISTS', message, { cause: error })
    throw error
  }
}

/** What a stored JSON text means; the caller knows its type, which was checked before it was written. */
export function parseJson(text: string): unknown {
  return JSON.parse(text)
}
