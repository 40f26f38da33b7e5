import type { JSONWebKeySet } from 'jose'
import { OutboundError } from './errors.ts'
import type { OutboundUse } from './limits.ts'
import type { Outbound } from './outbound.ts'

/** The keys under a `jwks_uri`; the same object for as long as they were not fetched anew. */
export interface FetchedKeySet {
  readonly text: string
  readonly keySet: JSONWebKeySet
}

/** Key sets (`jwks_uri`) of others. */
export interface KeySets {
  /**
   * A key set that is at most a minute old, or for ten minutes an older one whose host does not answer
   * with one.
   *
   * @param from - address of whoever made this server ask
   * @throws OutboundError
   */
  get(url: string, from?: string): Promise<FetchedKeySet>
}

export interface KeySetOptions {
  readonly outbound: Outbound
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Whose limits a fetch counts against: of a set that was there before, and of another one. */
  readonly uses: { readonly known: OutboundUse; readonly unknown: OutboundUse }
}

/** Keys of clients, whose addresses anyone may name. */
export const clientKeyUses: KeySetOptions['uses'] = { known: 'known-keys', unknown: 'new-keys' }

/** Keys of issuers that an administrator registered. */
export const issuerKeyUses: KeySetOptions['uses'] = { known: 'issuer-keys', unknown: 'issuer-keys' }

interface Entry extends FetchedKeySet {
  readonly fetchedAtMs: number
}

interface Failure {
  readonly error: unknown
  readonly untilMs: number
}

const freshMs = 60_000
const staleIfErrorMs = 10 * 60_000
/** How long a host that failed is left in peace; its callers do not wait for it either. */
const failureMs = 10_000
const maxEntries = 200
const maxKeySetBytes = 64 * 1024
const timeoutMs = 2500

/** Makes the cache: who signs asks for the keys at every request, and this spares their host. */
export function createKeySets({ outbound, clock, uses }: KeySetOptions): KeySets {
  const entries = new Map<string, Entry>()
  const failures = new Map<string, Failure>()
  const underWay = new Map<string, Promise<FetchedKeySet>>()

  async function fetchSet(url: string, from: string | undefined): Promise<FetchedKeySet> {
    const failure = failures.get(url)
    if (failure && failure.untilMs > clock()) throw failure.error
    failures.delete(url)
    try {
      const { status, body } = await outbound.get(url, {
        accept: 'application/jwk-set+json, application/json',
        maxBytes: maxKeySetBytes,
        timeoutMs,
        use: entries.has(url) ? uses.known : uses.unknown,
        from,
      })
      const entry = { ...readKeySet(status, body), fetchedAtMs: clock() }
      putNewest(entries, url, entry)
      return entry
    } catch (error) {
      // What our own limits refused says nothing about the host.
      const isOurs = error instanceof OutboundError && error.code === 'RATE_LIMITED'
      if (!isOurs) putNewest(failures, url, { error, untilMs: clock() + failureMs })
      throw error
    }
  }

  return {
    async get(url, from) {
      const known = entries.get(url)
      if (known && known.fetchedAtMs + freshMs > clock()) return known
      let fetching = underWay.get(url)
      if (!fetching) {
        fetching = fetchSet(url, from).finally(() => underWay.delete(url))
        underWay.set(url, fetching)
      }
      try {
        return await fetching
      } catch (error) {
        if (known && known.fetchedAtMs + staleIfErrorMs > clock()) return known
        throw error
      }
    },
  }
}

function putNewest<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  if (map.size >= maxEntries) map.delete(map.keys().next().value!)
  map.set(key, value)
}

/** @throws OutboundError NO_KEY_SET */
function readKeySet(status: number, body: Uint8Array): FetchedKeySet {
  const text = Buffer.from(body).toString()
  const value = status === 200 ? parse(text) : undefined
  if (!isKeySet(value)) throw new OutboundError('NO_KEY_SET')
  return { text, keySet: value }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  isObject(value) && 'keys' in value && Array.isArray(value.keys) && value.keys.every(isObject)
