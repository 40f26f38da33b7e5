import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import type { AppContext } from '../../context.ts'
import { addressOf } from '../../http/request-context.ts'
import { DocumentError } from './errors.ts'

type Feature = NonNullable<NonNullable<Configuration['features']>['clientIdMetadataDocument']>

/**
 * Lets the library take clients whose id is a URL. It asks {@link Feature.allowFetch} first: there the
 * document is found, so that what is wrong with it can be said; then it "fetches" what was found.
 */
export function clientDocumentFeature({
  config,
  documents,
}: Pick<AppContext, 'config' | 'documents'>): Feature {
  return {
    enabled: config.registration.documents !== 'off',
    ack: 'draft-02',
    // Ours is the only cache, so that a decision about a host holds from the next request on.
    cacheDuration: { min: 0, max: 0 },
    async allowFetch(koa: KoaContextWithOIDC | undefined, clientId) {
      try {
        await documents.resolve(clientId, addressOf(koa))
        return true
      } catch (error) {
        if (!(error instanceof DocumentError)) throw error
        throw refusalOf(error)
      }
    },
    allowClient: (_koa, client) => documents.isAllowed(client.clientId),
  }
}

/** The library's error with ours as its cause, which the error page reads. */
function refusalOf(error: DocumentError): Error {
  const refusal =
    error.code === 'INVALID'
      ? new errors.InvalidClientMetadata(error.message)
      : new errors.InvalidClient(error.message)
  refusal.error_description = error.message
  refusal.cause = error
  return refusal
}
