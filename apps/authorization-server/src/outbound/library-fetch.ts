import { type Configuration, Provider } from 'oidc-provider'
import type { AppContext } from '../context.ts'
import { addressOf } from '../http/request-context.ts'
import { clientKeyUses, createKeySets } from './key-sets.ts'

/**
 * What the library fetches: documents of clients, which were found a moment before, and their keys.
 * It asks for a document with redirects off and for keys without saying so.
 */
export function createLibraryFetch({
  outbound,
  documents,
  clock,
}: Pick<AppContext, 'outbound' | 'documents' | 'clock'>): NonNullable<Configuration['fetch']> {
  const keySets = createKeySets({ outbound, clock, uses: clientKeyUses })
  return async (input, options) => {
    const url = input instanceof Request ? input.url : input.toString()
    if (options?.redirect === 'manual') {
      return Response.json((await documents.resolve(url)).metadata)
    }
    return new Response((await keySets.get(url, addressOf(Provider.ctx))).text)
  }
}

/** Limits of what the library reads; ours are the same and hold before. */
export const fetchResponseBodyLimits: Record<string, number> = {
  'client_id metadata document': 16 * 1024,
  jwks_uri: 64 * 1024,
  sector_identifier_uri: 1024,
}
