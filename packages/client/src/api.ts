import { createDpopProof, importDpopKey } from '@holdfast/protocol/token'
import type { Access } from './access.ts'
import { errorOf, type Fetch, send } from './http.ts'
import type { ResourceName } from './resource-names.ts'
import { type TimeLimit, withTimeLimit } from './time-limit.ts'

/** One call of the server's API. */
interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with query below the issuer. */
  readonly path: string
  /** JSON body. */
  readonly body?: unknown
  /** Which token to use. Default `management`. */
  readonly resource?: ResourceName
  /** How long the server may wait for an upstream before it answers. Default 0: it calls none. */
  readonly upstreamMs?: number
}

/** Calls the server with a DPoP-bound token; answers the parsed JSON body. */
export type Api = <T>(request: ApiRequest) => Promise<T>

/** The longest that a server waits for an upstream: for calls that do not say how long it may. */
export const longestUpstreamMs = 300_000

/** @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7} */
export function createApi(issuer: string, access: Access, unlimited: Fetch, limit: TimeLimit): Api {
  return async <T>(request: ApiRequest): Promise<T> => {
    const fetch = withTimeLimit(unlimited, limit, request.upstreamMs)
    const first = await access.tokenFor(request.resource ?? 'management')
    let response = await attempt(issuer, fetch, request, first)
    if (response.status === 401) {
      const nonce = response.headers.get('dpop-nonce') ?? undefined
      const wantsNonce =
        response.headers.get('www-authenticate')?.includes('use_dpop_nonce') ?? false
      const { accessToken } = first.tokens
      const second = wantsNonce
        ? first
        : await access.tokenFor(request.resource ?? 'management', accessToken)
      response = await attempt(issuer, fetch, request, second, nonce)
    }
    if (!response.ok) throw await errorOf(response)
    return (response.status === 204 ? undefined : await response.json()) as T
  }
}

async function attempt(
  issuer: string,
  fetch: Fetch,
  { method, path, body }: ApiRequest,
  { session, tokens }: Awaited<ReturnType<Access['tokenFor']>>,
  nonce?: string,
): Promise<Response> {
  const url = `${issuer}${path}`
  const proof = await createDpopProof({
    key: await importDpopKey(session.dpopKey),
    method,
    url,
    accessToken: tokens.accessToken,
    ...(nonce !== undefined && { nonce }),
  })
  return send(fetch, url, {
    method,
    headers: {
      accept: 'application/json',
      authorization: `DPoP ${tokens.accessToken}`,
      dpop: proof,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}
