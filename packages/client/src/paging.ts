import type { Api } from './api.ts'

interface Page<T> {
  readonly data: readonly T[]
  readonly next_cursor?: string | null
}

/** Every entry of a list, page by page. */
export async function all<T>(api: Api, path: string): Promise<readonly T[]> {
  const entries: T[] = []
  let cursor: string | undefined
  do {
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`
    const page: Page<T> = await api({ method: 'GET', path: path + query })
    entries.push(...page.data)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return entries
}

/** An identifier as one path segment. */
export const segment = (id: string): string => encodeURIComponent(id)
