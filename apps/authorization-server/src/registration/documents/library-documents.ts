import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { AppContext, RequestState } from '../../context.ts'
import { addressGroup } from '../../interaction/sign-in-limits.ts'
import { DocumentError } from './errors.ts'

type Feature = NonNullable<NonNullable<Configuration['features']>['clientIdMetadataDocument']>

/** New documents that one address (for IPv6 its /64) may make this server fetch, per minute. */
const fetchesPerAddress = 30

/**
 * Lets the library take clients whose id is a URL. It asks {@link Feature.allowFetch} first: there the
 * document is found, so that what is wrong with it can be said; then it "fetches" what was found.
 */
export function clientDocumentFeature({
  config,
  documents,
}: Pick<AppContext, 'config' | 'documents'>): Feature {
  const limiter = new RateLimiterMemory({ points: fetchesPerAddress, duration: 60 })
  return {
    enabled: config.registration.documents !== 'off',
    ack: 'draft-02',
    // Ours is the only cache, so that a decision about a host holds from the next request on.
    cacheDuration: { min: 0, max: 0 },
    async allowFetch(koa: KoaContextWithOIDC | undefined, clientId) {
      try {
        await documents.resolve(clientId, () => mayFetch(limiter, koa))
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

async function mayFetch(
  limiter: RateLimiterMemory,
  koa: KoaContextWithOIDC | undefined,
): Promise<boolean> {
  const from = (koa?.state as Partial<RequestState> | undefined)?.remoteAddress
  if (from === undefined) return true
  try {
    await limiter.consume(addressGroup(from))
    return true
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return false
    throw refusal
  }
}
