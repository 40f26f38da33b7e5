import { importDpopKey } from '@holdfast/protocol/token'
import * as oauth from 'oauth4webapi'
import { discover, oauthOptions } from './discovery.ts'
import { ClientError } from './errors.ts'
import { type LoginParts, toStored } from './login.ts'
import { withNonceRetry, withoutBody } from './oauth/token-request.ts'
import { type ResourceName, resourceUri } from './resource-names.ts'
import type { Session, StoredTokens } from './session.ts'

/** A token is renewed this long before it ends, so that it does not end on the way. */
const renewBeforeSeconds = 20

/** Valid access tokens by resource. */
export interface Access {
  /**
   * A token that is valid now, refreshed if need be: once at a time here, once at a time among all
   * processes that share the store.
   *
   * @param rejected - a token that the server refused although it looked valid
   * @throws ClientError `NOT_SIGNED_IN`, `SESSION_EXPIRED`
   */
  readonly tokenFor: (
    resource: ResourceName,
    rejected?: string,
  ) => Promise<{ readonly session: Session; readonly tokens: StoredTokens }>
}

export function createAccess(parts: LoginParts): Access {
  const running = new Map<ResourceName, Promise<{ session: Session; tokens: StoredTokens }>>()
  const renew = (
    name: ResourceName,
    rejected?: string,
  ): Promise<{ session: Session; tokens: StoredTokens }> => {
    const flight =
      running.get(name) ?? refresh(parts, name, rejected).finally(() => running.delete(name))
    running.set(name, flight)
    return flight
  }
  return {
    async tokenFor(name, rejected) {
      const found = await stored(parts, name)
      return isFresh(found.tokens, rejected) ? found : renew(name, rejected)
    },
  }
}

const isFresh = (tokens: StoredTokens, rejected: string | undefined): boolean =>
  tokens.accessToken !== rejected && tokens.expiresAt - renewBeforeSeconds > Date.now() / 1000

async function stored(
  { issuer, store }: LoginParts,
  name: ResourceName,
): Promise<{ session: Session; tokens: StoredTokens }> {
  const session = await store.load()
  const tokens = session?.issuer === issuer ? session.tokens[resourceUri(issuer, name)] : undefined
  if (session !== undefined && tokens !== undefined) return { session, tokens }
  const what = name === 'dispatch' ? 'direct calls through connections' : issuer
  throw new ClientError('NOT_SIGNED_IN', `not signed in for ${what}`, {
    fix: name === 'dispatch' ? 'run `holdfast login --dispatch`' : 'run `holdfast login`',
  })
}

function refresh(
  parts: LoginParts,
  name: ResourceName,
  rejected: string | undefined,
): Promise<{ session: Session; tokens: StoredTokens }> {
  const { issuer, clientId, store, fetch } = parts
  const resource = resourceUri(issuer, name)
  return store.exclusive(async () => {
    // Somebody else may have renewed it while we waited for our turn.
    const { session, tokens } = await stored(parts, name)
    if (isFresh(tokens, rejected)) return { session, tokens }
    const forget = async (cause?: unknown): Promise<never> => {
      const { [resource]: _gone, ...others } = session.tokens
      await store.save({ ...session, tokens: others })
      throw expired(name, cause)
    }
    const { refreshToken } = tokens
    if (refreshToken === undefined) return forget()
    const server = await discover(issuer, fetch)
    const client: oauth.Client = { client_id: clientId }
    const DPoP = oauth.DPoP(client, await importDpopKey(session.dpopKey))
    try {
      const answer = await withNonceRetry(
        () =>
          oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, {
            DPoP,
            additionalParameters: { resource },
            ...oauthOptions(issuer, fetch),
          }),
        (response) => oauth.processRefreshTokenResponse(server, client, response),
      )
      const renewed = toStored(answer, tokens)
      const next = { ...session, tokens: { ...session.tokens, [resource]: renewed } }
      await store.save(next)
      return { session: next, tokens: renewed }
    } catch (error) {
      if (error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant') {
        return forget(withoutBody(error))
      }
      if (error instanceof ClientError) throw error
      throw new ClientError('SERVER_ERROR', 'the server did not renew the session', {
        cause: withoutBody(error),
      })
    }
  })
}

const expired = (name: ResourceName, cause?: unknown): ClientError =>
  new ClientError('SESSION_EXPIRED', 'the session has ended or was revoked', {
    fix: name === 'dispatch' ? 'run `holdfast login --dispatch`' : 'run `holdfast login`',
    cause,
  })
