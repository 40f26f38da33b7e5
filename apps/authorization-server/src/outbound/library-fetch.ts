import type { Configuration } from 'oidc-provider'
import type { AppContext } from '../context.ts'
import { createKeySets } from './key-sets.ts'

/**
 * What the library fetches: documents of clients, which were found a moment before, and their keys.
 * It asks for a document with redirects off and for keys without saying so.
 */
export function createLibraryFetch({
  outbound,
  documents,
  clock,
}: Pick<AppContext, 'outbound' | 'documents' | 'clock'>): NonNullable<Configuration['fetch']> {
  const keySets = createKeySets(outbound, clock)
  return async (input, options) => {
    const url = input instanceof Request ? input.url : input.toString()
    if (options?.redirect === 'manual') {
      return Response.json((await documents.resolve(url)).metadata)
    }
    const { status, body } = await keySets.get(url)
    return new Response(status === 204 || status === 304 ? null : Buffer.from(body), { status })
  }
}

/** Limits of what the library reads; ours are the same and hold before. */
export const fetchResponseBodyLimits: Record<string, number> = {
  'client_id metadata document': 16 * 1024,
  jwks_uri: 64 * 1024,
  sector_identifier_uri: 1024,
}
