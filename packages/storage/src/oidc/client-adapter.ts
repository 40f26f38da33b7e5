import type { Clients, ClientMetadataSource } from '../clients.ts'
import type { JsonObject } from '../json.ts'
import type { OidcAdapter } from './types.ts'

/** Lets the library read the registered clients, and register dynamic ones. */
export function createClientAdapter(clients: Clients & ClientMetadataSource): OidcAdapter {
  const nothing = async (): Promise<undefined> => undefined
  return {
    async find(id) {
      return clients.metadataOf(id)
    },
    async upsert(id, payload) {
      const { client_id: _id, client_secret: secret, ...metadata } = payload
      await clients.put({
        clientId: id,
        source: 'dynamic',
        metadata: metadata as JsonObject,
        secret: typeof secret === 'string' ? secret : undefined,
      })
    },
    async destroy(id) {
      await clients.forget(id)
    },
    findByUid: nothing,
    findByUserCode: nothing,
    consume: nothing,
    revokeByGrantId: nothing,
  }
}
