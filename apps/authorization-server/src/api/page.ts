import { fromBase64url, toBase64url, utf8, utf8Text } from '@holdfast/protocol'
import { z } from 'zod'

const limit = z.coerce.number().int().min(1).max(200).default(50)

const cursor = z
  .string()
  .min(1)
  .max(700)
  .regex(/^[A-Za-z0-9_-]+$/)
  .transform((text, check) => {
    try {
      return utf8Text(fromBase64url(text))
    } catch {
      check.addIssue({ code: 'custom', message: 'not a cursor of this server' })
      return z.NEVER
    }
  })

/** Query of a list. */
export const pageQuery = z.strictObject({
  limit,
  /** `next_cursor` of the page before. */
  cursor: cursor.optional(),
})

/** Query of a list in order of numbers. */
export const sequenceQuery = z.strictObject({
  limit,
  /** Only what comes after this number. */
  after: z.coerce.number().int().min(0).default(0),
})

/** Schema of a page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable() })

/** Cuts a page out of `limit + 1` items. */
export function toPage<Item, View>(
  items: readonly Item[],
  limit: number,
  idOf: (item: Item) => string,
  view: (item: Item) => View,
): { data: View[]; next_cursor: string | null } {
  const page = items.slice(0, limit)
  const last = page.at(-1)
  const hasMore = items.length > limit && last !== undefined
  return {
    data: page.map(view),
    next_cursor: hasMore ? toBase64url(utf8(idOf(last))) : null,
  }
}

/** RFC 3339 time of Unix milliseconds. */
export const timeText = (ms: number): string => new Date(ms).toISOString()

/** The same, or null. */
export const optionalTime = (ms: number | undefined): string | null =>
  ms === undefined ? null : timeText(ms)
