import {
  BoundedCache,
  connectionsIn,
  type DpopKey,
  generateDpopKey,
  type GrantedConnections,
} from '@holdfast/protocol/token'
import * as oauth from 'oauth4webapi'
import { type ConnectLinks, connectLinksOf } from './connect-links.ts'
import { DispatchError } from './dispatch-error.ts'
import type { ConnectedSettings } from './settings.ts'

/** A token that lets this server dispatch for one user, with the key that it is bound to. */
export interface DispatchToken {
  readonly accessToken: string
  readonly key: DpopKey
  /** What the grant held when it was issued, where that can be read. */
  readonly connections: GrantedConnections | undefined
}

/** What came of asking for a connection: all that the grant holds now, or where the user makes it. */
export interface AskedFor extends ConnectLinks {
  readonly connections?: GrantedConnections | undefined
  /** Why the user can make none, in the authorization server's words. */
  readonly reason?: string | undefined
}

/** The user's token on the way into an exchange. */
export interface SubjectToken {
  readonly token: string
  /** The token's hash, under which the result is kept. */
  readonly hash: string
}

/** Exchanges users' tokens for dispatch tokens. */
export interface TokenExchange {
  /** @throws DispatchError `NOT_AUTHORIZED` or `GATEWAY_UNREACHABLE` */
  readonly exchange: (subject: SubjectToken) => Promise<DispatchToken>
  /** Exchanges anew for a connection that the token does not name, or that no longer works. */
  readonly ask: (subject: SubjectToken, connection: string | undefined) => Promise<AskedFor>
  /** What the last exchange of this token has named. */
  readonly held: (subject: SubjectToken) => GrantedConnections | undefined
  /** Forgets a dispatch token that was refused. */
  readonly forget: (subject: SubjectToken) => void
}

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
// A token in its last seconds could expire on the way.
const expiryMarginMs = 5_000

function failure(error: unknown, issuer: string): DispatchError {
  if (error instanceof DispatchError) return error
  const isRefusal =
    error instanceof oauth.ResponseBodyError || error instanceof oauth.WWWAuthenticateChallengeError
  if (isRefusal && error.status < 500) {
    const code = error instanceof oauth.ResponseBodyError ? ` (${error.error})` : ''
    return new DispatchError(
      'NOT_AUTHORIZED',
      `the authorization server refused to exchange the token${code}`,
      {
        cause: error,
        ...(error instanceof oauth.ResponseBodyError && connectLinksOf(error.cause, issuer)),
      },
    )
  }
  return new DispatchError('GATEWAY_UNREACHABLE', 'the authorization server cannot be reached', {
    cause: error,
  })
}

const reasonOf = (error: unknown): string | undefined =>
  error instanceof oauth.ResponseBodyError ? error.error_description : undefined

/**
 * Exchanges by RFC 8693 with this server's own client and DPoP key, once per user token: concurrent
 * callers share one exchange, and its result serves until it expires.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693#section-2.1}
 */
export function createTokenExchange(settings: ConnectedSettings): TokenExchange {
  const { issuer, client, now } = settings
  const server: oauth.AuthorizationServer = { issuer, token_endpoint: `${issuer}/oauth2/token` }
  const identity: oauth.Client = { client_id: client.id }
  const tokens = new BoundedCache<DispatchToken & { readonly expiresAtMs: number }>(5000)
  const pending = new Map<string, Promise<DispatchToken>>()
  let ownKey: Promise<DpopKey> | undefined

  const request = async (
    subject: SubjectToken,
    more: Readonly<Record<string, string>> = {},
  ): Promise<DispatchToken> => {
    ownKey ??= generateDpopKey()
    const key = await ownKey
    const askedAt = now()
    const response = await oauth.genericTokenEndpointRequest(
      server,
      identity,
      oauth.ClientSecretBasic(client.secret),
      'urn:ietf:params:oauth:grant-type:token-exchange',
      {
        subject_token: subject.token,
        subject_token_type: accessTokenType,
        resource: `${issuer}/dispatch`,
        scope: 'dispatch',
        ...more,
      },
      {
        DPoP: oauth.DPoP(identity, key),
        signal: AbortSignal.timeout(10_000),
        [oauth.customFetch]: (url, init) => settings.fetch(url, init),
        // Only a loopback issuer may be http at all: the options refuse any other.
        [oauth.allowInsecureRequests]: issuer.startsWith('http:'),
      },
    )
    const answer = await oauth.processGenericTokenEndpointResponse(server, identity, response)
    if (answer.token_type !== 'dpop') {
      throw new DispatchError('NOT_AUTHORIZED', 'the exchanged token is not bound to our key')
    }
    const accessToken = answer.access_token
    const token = { accessToken, key, connections: connectionsIn(accessToken) }
    const expiresAtMs = askedAt + (answer.expires_in ?? 0) * 1000 - expiryMarginMs
    tokens.set(subject.hash, { ...token, expiresAtMs })
    return token
  }

  return {
    exchange: (subject) => {
      const known = tokens.get(subject.hash)
      if (known !== undefined && known.expiresAtMs > now()) return Promise.resolve(known)
      const running = pending.get(subject.hash)
      if (running !== undefined) return running
      const started = request(subject)
        .catch((error: unknown) => {
          throw failure(error, issuer)
        })
        .finally(() => pending.delete(subject.hash))
      pending.set(subject.hash, started)
      return started
    },
    ask: async (subject, connection) => {
      try {
        return await request(subject, connection === undefined ? {} : { connection })
      } catch (error) {
        const { connectUrl, pollUrl } = failure(error, issuer)
        return { connectUrl, pollUrl, reason: reasonOf(error) }
      }
    },
    held: ({ hash }) => tokens.get(hash)?.connections,
    forget: (subject) => {
      tokens.delete(subject.hash)
    },
  }
}
