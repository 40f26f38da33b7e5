import type { DpopKey } from '@holdfast/protocol/token'
import * as oauth from 'oauth4webapi'
import { ClientError } from '../errors.ts'
import { type Fetch, platformFetch, send } from '../http.ts'
import { isLoopbackHttp, requireSecureUrl } from '../secure-url.ts'
import { readTimeLimit, untilAborted, withTimeLimit } from '../time-limit.ts'
import type { Auth, PresentableToken } from './auth.ts'
import { proofErrorOf, refusalOf } from './challenge.ts'

/** How to make {@link authorizedFetch}. */
export interface AuthorizedFetchOptions {
  readonly auth: Auth
  /** The server that the tokens are for. Requests to any other origin are refused. */
  readonly resource: string | URL
  /** Default: the platform's. */
  readonly fetch?: Fetch
  /**
   * How long one request to be authorized may take: for metadata, registration or tokens. Those to the
   * protected server itself end only by their own `signal`. Default 30000.
   */
  readonly authorizationTimeoutMs?: number
}

/** A `fetch` for one protected server; fits every MCP transport that takes a `fetch`. */
export type AuthorizedFetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/**
 * New tokens for one request. A 401 gets the first only: a token that was obtained a moment ago and is
 * refused will not become better by being another one, and a person would sign in for nothing.
 */
const maxRenewals = 2

/** Nonces are kept with the key that they were given to. */
const proofs = new WeakMap<DpopKey, oauth.DPoPHandle>()

function proofsOf(key: DpopKey): oauth.DPoPHandle {
  const known = proofs.get(key) ?? oauth.DPoP({}, key)
  proofs.set(key, known)
  return known
}

/**
 * A `fetch` that presents tokens, makes another proof where the first is refused or lacks a nonce, and
 * on a refusal obtains another token and sends the request again. Redirects are not followed: a token is
 * for one origin.
 *
 * @throws ClientError `PLAINTEXT_REFUSED` when the resource is not https
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-9} nonces of resource servers
 */
export function authorizedFetch(options: AuthorizedFetchOptions): AuthorizedFetch {
  const { auth, fetch = platformFetch } = options
  const { origin } = requireSecureUrl(options.resource, 'the protected server')
  const limit = readTimeLimit('authorizationTimeoutMs', options.authorizationTimeoutMs)
  const context = { fetch: withTimeLimit(fetch, limit) }
  return async (input, init = {}) => {
    const url = new URL(input)
    if (url.origin !== origin) {
      throw new ClientError(
        'INVALID_REQUEST',
        `the tokens are for ${origin}, not for ${url.origin}`,
      )
    }
    const { signal } = init
    let token = await untilAborted(() => auth.token(url, context), signal)
    for (let renewals = 0; ; renewals += 1) {
      const response = await attempt(url, init, token, fetch)
      const refusal = await refusalOf(response, token)
      const allowed = refusal?.status === 401 ? 1 : maxRenewals
      if (refusal === undefined || renewals >= allowed || isStream(init)) return response
      const next = await untilAborted(() => auth.refused(url, refusal, context), signal)
      if (next === undefined) return response
      await response.body?.cancel()
      token = next
    }
  }
}

/** A stream has been read when the answer comes: it cannot be sent again. */
const isStream = ({ body }: RequestInit): boolean => body instanceof ReadableStream

async function attempt(
  url: URL,
  init: RequestInit,
  token: PresentableToken | undefined,
  fetch: Fetch,
): Promise<Response> {
  if (token === undefined) return send(fetch, url.href, { ...init, redirect: 'manual' })
  const tried = new Set<string>()
  for (;;) {
    const response = await present(url, init, token, fetch)
    if (token.dpopKey === undefined || isStream(init)) return response
    const error = await proofErrorOf(response)
    if (error === undefined || tried.has(error)) return response
    tried.add(error)
    await response.body?.cancel()
  }
}

async function present(
  url: URL,
  init: RequestInit,
  { accessToken, dpopKey }: PresentableToken,
  fetch: Fetch,
): Promise<Response> {
  const { method = 'GET', body, signal } = init
  const headers = new Headers(init.headers)
  headers.delete('authorization')
  headers.delete('dpop')
  try {
    return await oauth.protectedResourceRequest(
      accessToken,
      method,
      url,
      headers,
      body as oauth.ProtectedResourceRequestBody,
      {
        [oauth.customFetch]: (target, prepared) => {
          const { duplex: _duplex, signal: _signal, ...parts } = prepared
          return send(fetch, target, { ...init, ...(parts as RequestInit) })
        },
        ...(isLoopbackHttp(url) && { [oauth.allowInsecureRequests]: true }),
        ...(dpopKey !== undefined && { DPoP: proofsOf(dpopKey) }),
        ...(signal && { signal }),
      },
    )
  } catch (error) {
    if (error instanceof oauth.WWWAuthenticateChallengeError) return error.response
    throw error
  }
}
