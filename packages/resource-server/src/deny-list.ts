import { TokenError, type VerifiedAccessToken } from '@holdfast/protocol/token'
import { basicAuthorization } from './client-authentication.ts'
import { requestJson } from './http-client.ts'
import type { ConnectedSettings, Settings } from './settings.ts'

/** Tells revoked tokens from live ones. */
export interface DenyList {
  /**
   * Passes a token that is not revoked, by a copy of the list no older than the configured bound.
   *
   * @throws TokenError `invalid_token` when revoked, `temporarily_unavailable` when it cannot be told
   */
  readonly check: (token: VerifiedAccessToken) => Promise<void>
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

function readEntries(body: unknown): ReadonlySet<string> {
  const entries = isObject(body) ? body['entries'] : undefined
  if (!Array.isArray(entries)) throw new TypeError('the deny list has no entries')
  return new Set(
    entries.map((entry: unknown) => {
      if (!isObject(entry)) throw new TypeError('the deny list holds something else than entries')
      return `${String(entry['kind'])}:${String(entry['value'])}`
    }),
  )
}

function namesOf(token: VerifiedAccessToken): readonly string[] {
  return [
    `token:${token.tokenId}`,
    `user:${token.subject}`,
    `client:${token.clientId}`,
    ...(token.grant === undefined ? [] : [`grant:${token.grant}`]),
    ...token.actors.map((actor) => `client:${actor}`),
  ]
}

/** The deny list of the authorization server, asked for by one request at a time. */
export function createDenyList(
  settings: ConnectedSettings,
  bounds: NonNullable<Settings['revocation']>,
): DenyList {
  const { now, client } = settings
  let denied: ReadonlySet<string> = new Set()
  let etag: string | undefined
  // Age counts from when a copy was asked for: what was revoked later may be missing in the answer.
  let askedAt = Number.NEGATIVE_INFINITY
  /** How many copies were asked for so far, and which of them is the one at hand. */
  let started = 0
  let loaded = 0
  let pending: Promise<void> | undefined

  const load = async (): Promise<void> => {
    const startedAt = now()
    const nth = ++started
    const { status, headers, body } = await requestJson(
      settings.fetch,
      `${settings.issuer}/oauth2/deny-list`,
      {
        headers: {
          accept: 'application/json',
          authorization: basicAuthorization(client),
          // Without it the Fetch API asks for no-cache, which servers answer in full.
          'cache-control': 'max-age=0',
          ...(etag === undefined ? {} : { 'if-none-match': etag }),
        },
        timeoutMs: 5_000,
        maxBytes: 16 * 1024 * 1024,
      },
    )
    if (status === 200) {
      denied = readEntries(body)
      etag = headers.get('etag') ?? undefined
    } else if (status !== 304) {
      throw new Error(
        status === 401
          ? "the authorization server refuses this server's client: check its client id and secret"
          : `the deny list answered ${status}`,
      )
    }
    askedAt = startedAt
    loaded = nth
  }
  const refresh = (): Promise<void> => {
    pending ??= load().finally(() => {
      pending = undefined
    })
    return pending
  }

  // A copy of the very millisecond may have been asked for just before the revocation.
  const isYoungerThan = (time: number): boolean => askedAt > time

  const ensureFresh = async (): Promise<void> => {
    const oldest = now() - bounds.maxStaleMs
    const startedBefore = started
    try {
      if (isYoungerThan(oldest)) return
      await refresh()
      // The answer that we joined may have been asked for too long before this request came in.
      if (loaded <= startedBefore && !isYoungerThan(oldest)) await refresh()
    } catch (cause) {
      settings.onError(cause)
      if (isYoungerThan(oldest - bounds.outageGraceMs)) return
      throw new TokenError('temporarily_unavailable', 'revocation cannot be checked', { cause })
    }
  }

  return {
    check: async (token) => {
      await ensureFresh()
      if (namesOf(token).some((name) => denied.has(name))) {
        throw new TokenError('invalid_token', 'the token was revoked')
      }
    },
  }
}
