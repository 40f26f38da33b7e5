import type { Client, Storage } from '@holdfast/storage'
import type { AppContext } from '../../context.ts'
import { documentHost } from './document-url.ts'
import { DocumentError } from './errors.ts'

/**
 * The registered clients, and those that a document describes, for endpoints beside the library.
 *
 * @param from - address of the caller
 */
export function clientsWithDocuments(
  {
    storage: { clients },
    documents,
  }: Pick<AppContext, 'documents'> & { readonly storage: Pick<Storage, 'clients'> },
  from: string,
): Pick<Storage['clients'], 'find' | 'checkSecret'> {
  const described = async (clientId: string): Promise<Client | undefined> => {
    if (documentHost(clientId) === undefined) return undefined
    try {
      const { metadata } = await documents.resolve(clientId, from)
      return {
        clientId,
        source: 'dynamic',
        metadata,
        hasSecret: false,
        resource: undefined,
        resources: undefined,
        createdBy: undefined,
        createdAtMs: 0,
        updatedAtMs: 0,
        revokedAtMs: undefined,
      }
    } catch (error) {
      if (error instanceof DocumentError) return undefined
      throw error
    }
  }
  return {
    find: async (id) => (await clients.find(id)) ?? described(id),
    checkSecret: (id, secret) => clients.checkSecret(id, secret),
  }
}
