import { sourceProperty } from '@holdfast/storage'
import { type Configuration, errors } from 'oidc-provider'
import { isStaticClient, selfServiceGrants } from './static-client.ts'

/**
 * The last check of every client that the library makes, wherever its metadata comes from: one that
 * nobody registered by hand has the self-service grants and no other, whatever its metadata says.
 */
export function restrictClients(): NonNullable<Configuration['extraClientMetadata']> {
  return {
    properties: [sourceProperty],
    validator: (_koa, _key, _value, metadata) => {
      // The library looks for a document only when the database has no client of this name.
      if (isDocumentUrl(metadata.client_id)) metadata[sourceProperty] = 'document'
      if (
        isStaticClient({ clientId: metadata.client_id, [sourceProperty]: metadata[sourceProperty] })
      )
        return
      delete metadata.scope
      delete metadata.sector_identifier_uri
      metadata.grant_types = metadata.grant_types?.filter((type) =>
        selfServiceGrants.includes(type),
      )
      if (metadata.grant_types?.includes('authorization_code') !== true) {
        throw new errors.InvalidClientMetadata('grant_types must hold authorization_code')
      }
    },
  }
}

const isDocumentUrl = (id: unknown): boolean => typeof id === 'string' && /^https:\/\//i.test(id)
