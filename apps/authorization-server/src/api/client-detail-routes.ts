import type { Client } from '@holdfast/storage'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { documentHost } from '../registration/documents/document-url.ts'
import { DocumentError } from '../registration/documents/errors.ts'
import { unknownClient } from './client-routes.ts'
import { optionalTime } from './page.ts'
import { type AnyRoute, defineRoute } from './route.ts'

/** Everything that is known of one client. */
const detailView = z.object({
  client_id: z.string(),
  source: z.enum(['builtin', 'manual', 'dynamic', 'document']),
  metadata: z.record(z.string(), z.unknown()),
  /** Of a client with a document: whose host speaks for it, and what was decided about that. */
  host: z.string().nullable(),
  host_decision: z.enum(['waiting', 'approved', 'denied']).nullable(),
  document_from: z.enum(['pinned', 'fetched', 'stale', 'bundled']).nullable(),
  fetched_at: z.string().nullable(),
  fresh_until: z.string().nullable(),
  /** Why it cannot be used, or why its document could not be renewed. */
  problem: z.string().nullable(),
  active_grants: z.int(),
  created_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
})
type Detail = z.infer<typeof detailView>

/** One client, registered or described by a document. */
export function clientDetailRoutes(
  context: Pick<AppContext, 'storage' | 'documents'>,
): readonly AnyRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/client',
      scope: 'admin',
      query: z.strictObject({ client_id: z.string().min(1).max(1024) }),
      response: detailView,
      handle: async ({ query: { client_id: clientId } }) => {
        const grants = await context.storage.grants.list({ clientId, limit: 1000 })
        const known = await context.storage.clients.find(clientId)
        const detail = known ? ofRegistered(known) : await ofDocument(context, clientId)
        if (!detail) throw unknownClient()
        return { ...detail, active_grants: grants.length }
      },
    }),
  ]
}

const ofRegistered = (client: Client): Omit<Detail, 'active_grants'> => ({
  client_id: client.clientId,
  source: client.source,
  metadata: { ...client.metadata },
  host: null,
  host_decision: null,
  document_from: null,
  fetched_at: null,
  fresh_until: null,
  problem: null,
  created_at: optionalTime(client.createdAtMs),
  revoked_at: optionalTime(client.revokedAtMs),
})

async function ofDocument(
  { storage, documents }: Pick<AppContext, 'storage' | 'documents'>,
  clientId: string,
): Promise<Omit<Detail, 'active_grants'> | undefined> {
  const host = documentHost(clientId)
  if (host === undefined) return undefined
  const resolved = await documents.resolve(clientId).catch((error: unknown) => {
    if (error instanceof DocumentError) return error
    throw error
  })
  const cached = await storage.clientDocuments.find(clientId)
  const isRefused = resolved instanceof DocumentError
  return {
    client_id: clientId,
    source: 'document',
    metadata: isRefused ? {} : { ...resolved.metadata },
    host,
    host_decision: (await storage.clientHosts.find(host))?.decision ?? null,
    document_from: isRefused ? null : resolved.origin,
    fetched_at: optionalTime(cached?.fetchedAtMs),
    fresh_until: cached === undefined ? null : optionalTime(cached.freshUntilMs),
    problem: isRefused ? resolved.message : (cached?.failure ?? null),
    created_at: null,
    revoked_at: null,
  }
}
