import type { Outbound, OutboundResponse } from './outbound.ts'

/** Key sets (`jwks_uri`) of clients. */
export interface KeySets {
  /**
   * A key set that is at most a minute old, or for ten minutes an older one whose host does not answer.
   * @throws OutboundError
   */
  get(url: string): Promise<OutboundResponse>
}

interface Entry {
  readonly response: OutboundResponse
  readonly fetchedAtMs: number
}

const freshMs = 60_000
const staleIfErrorMs = 10 * 60_000
const maxEntries = 200
const maxKeySetBytes = 64 * 1024
const timeoutMs = 2500

/** The library asks anew for every request of a client with a document: this spares its host. */
export function createKeySets(outbound: Outbound, clock: () => number): KeySets {
  const entries = new Map<string, Entry>()
  const underWay = new Map<string, Promise<OutboundResponse>>()

  async function fetchSet(url: string): Promise<OutboundResponse> {
    const response = await outbound.get(url, {
      accept: 'application/jwk-set+json, application/json',
      maxBytes: maxKeySetBytes,
      timeoutMs,
    })
    if (response.status === 200) {
      entries.delete(url)
      if (entries.size >= maxEntries) entries.delete(entries.keys().next().value!)
      entries.set(url, { response, fetchedAtMs: clock() })
    }
    return response
  }

  return {
    async get(url) {
      const known = entries.get(url)
      if (known && known.fetchedAtMs + freshMs > clock()) return known.response
      let fetching = underWay.get(url)
      if (!fetching) {
        fetching = fetchSet(url).finally(() => underWay.delete(url))
        underWay.set(url, fetching)
      }
      try {
        return await fetching
      } catch (error) {
        if (known && known.fetchedAtMs + staleIfErrorMs > clock()) return known.response
        throw error
      }
    },
  }
}
