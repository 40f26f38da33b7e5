import type { CachedDocument } from '@holdfast/storage'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { optionalTime, pageOf, pageQuery, timeText, toPage } from './page.ts'
import { type AnyRoute, defineRoute } from './route.ts'

/** A client document that was fetched, or could not be. */
const documentView = z.object({
  client_id: z.string(),
  host: z.string(),
  client_name: z.string().nullable(),
  fetched_at: z.string().nullable(),
  fresh_until: z.string(),
  /** Why the last attempt failed. */
  problem: z.string().nullable(),
})

const nameSchema = z.object({ client_name: z.string().nullable().catch(null) })

const viewDocument = (cached: CachedDocument): z.infer<typeof documentView> => ({
  client_id: cached.clientId,
  host: cached.host,
  client_name:
    cached.document === undefined
      ? null
      : nameSchema.parse(JSON.parse(cached.document)).client_name,
  fetched_at: optionalTime(cached.fetchedAtMs),
  fresh_until: timeText(cached.freshUntilMs),
  problem: cached.failure ?? null,
})

/** The documents that this server remembers. */
export function clientDocumentRoutes({
  storage,
}: Pick<AppContext, 'storage'>): readonly AnyRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/client-documents',
      scope: 'admin',
      query: pageQuery,
      response: pageOf(documentView),
      handle: async ({ query: { limit, cursor } }) => {
        const found = await storage.clientDocuments.list({ after: cursor, limit: limit + 1 })
        return toPage(found, limit, ({ clientId }) => clientId, viewDocument)
      },
    }),
  ]
}
