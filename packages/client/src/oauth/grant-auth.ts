import * as oauth from 'oauth4webapi'
import { oauthOptions } from '../discovery.ts'
import { ClientError } from '../errors.ts'
import type { Fetch } from '../http.ts'
import { memoryTokenStore, type TokenStore } from '../session.ts'
import type { Auth, AuthContext, PresentableToken, Refusal } from './auth.ts'
import { identify } from './client-identity.ts'
import { type Grant } from './grant.ts'
import { type GrantStore, grantStore } from './grant-store.ts'
import { findClient, type RegistrationOptions } from './registration.ts'
import { findProtectedServer, type ProtectedServer } from './resource-metadata.ts'
import { includesAll, union } from './scopes.ts'
import { findAuthorizationServer } from './server-metadata.ts'
import type { OAuthState, StoredGrant } from './state.ts'
import { asGrantError, withNonceRetry } from './token-request.ts'

/** Options of every way to obtain tokens. */
export interface GrantAuthOptions {
  /** Where tokens, registrations and the DPoP key are kept. Default: in memory. */
  readonly store?: TokenStore<OAuthState>
  /** Scopes to ask for in any case. Default: those that the server names. */
  readonly scopes?: readonly string[]
  /**
   * Whether tokens are bound to a key. `auto` binds them where both servers say that they can;
   * `required` refuses anything else. Default `auto`.
   */
  readonly dpop?: 'auto' | 'required' | 'off'
}

type KeptGrant = StoredGrant & { readonly resource: string }

/** A token is renewed this long before it ends, so that it does not end on the way. */
const renewBeforeSeconds = 20

/**
 * Obtains tokens by an OAuth grant, keeps them, and renews them: one renewal at a time here, one
 * refresh at a time among all processes that share the store.
 */
export class GrantAuth implements Auth {
  readonly #grant: Grant
  readonly #options: GrantAuthOptions & RegistrationOptions
  readonly #store: GrantStore
  readonly #running = new Map<string, Promise<KeptGrant | undefined>>()

  constructor(grant: Grant, options: GrantAuthOptions & RegistrationOptions) {
    this.#grant = grant
    this.#options = options
    this.#store = grantStore(options.store ?? memoryTokenStore<OAuthState>())
  }

  async token(url: URL, { fetch }: AuthContext): Promise<PresentableToken | undefined> {
    const kept = await this.#kept(url)
    if (kept === undefined || isFresh(kept)) return this.#presentable(kept)
    const renewed = await this.#once(`refresh ${kept.resource}`, () =>
      this.#refresh(url, kept, fetch),
    )
    return this.#presentable(renewed)
  }

  async refused(
    url: URL,
    refusal: Refusal,
    { fetch }: AuthContext,
  ): Promise<PresentableToken | undefined> {
    const stored = await this.#stored(url)
    const kept = this.#sufficient(stored)
    // Somebody else renewed it while the refused one was on its way.
    if (kept !== undefined && isNews(kept, refusal)) return this.#presentable(kept)
    const isWider = refusal.status === 403
    // What was granted and is not enough will not be enough when it is granted again.
    if (isWider && kept !== undefined && includesAll(kept.scope, refusal.scope)) return undefined
    const renewed = await this.#once(`${refusal.status} ${url.origin}${url.pathname}`, async () => {
      const target = await findProtectedServer(url, refusal.resourceMetadata, fetch)
      if (!isWider && kept?.issuer === target.issuer && isTaken(kept, refusal)) {
        const refreshed = await this.#refresh(url, kept, fetch, refusal.rejected?.accessToken)
        if (refreshed !== undefined) return refreshed
      }
      // What was asked for before stays part of what is asked for when more is needed.
      const former = isWider || kept === undefined ? scopesOf(stored) : undefined
      return this.#obtain(target, refusal, former, fetch)
    })
    return this.#presentable(renewed)
  }

  async #kept(url: URL): Promise<KeptGrant | undefined> {
    return this.#sufficient(await this.#stored(url))
  }

  /** What the store holds for a URL, unless it is another client's or not bound as is required. */
  async #stored(url: URL): Promise<KeptGrant | undefined> {
    const stored = await this.#store.grantFor(url)
    const { client, dpop } = this.#options
    if (client !== undefined && client.clientId !== stored?.clientId) return undefined
    return dpop === 'required' && stored?.tokenType === 'bearer' ? undefined : stored
  }

  /**
   * Undefined for a grant that lacks scopes which nobody asked for yet: a refresh never widens it. What
   * was asked for and not granted is not asked for again.
   */
  #sufficient(stored: KeptGrant | undefined): KeptGrant | undefined {
    return includesAll(scopesOf(stored), this.#options.scopes?.join(' ')) ? stored : undefined
  }

  #once(name: string, work: () => Promise<KeptGrant | undefined>): Promise<KeptGrant | undefined> {
    const flight = this.#running.get(name) ?? work().finally(() => this.#running.delete(name))
    this.#running.set(name, flight)
    return flight
  }

  async #presentable(kept: StoredGrant | undefined): Promise<PresentableToken | undefined> {
    if (kept === undefined) return undefined
    const { accessToken, tokenType } = kept
    return tokenType === 'bearer'
      ? { accessToken }
      : { accessToken, dpopKey: await this.#store.dpopKey() }
  }

  /** Undefined when the grant has ended: it has to be obtained again. */
  async #refresh(
    url: URL,
    before: KeptGrant,
    fetch: Fetch,
    rejected?: string,
  ): Promise<KeptGrant | undefined> {
    const key = before.tokenType === 'dpop' ? await this.#store.dpopKey() : undefined
    return this.#store.exclusive(async () => {
      const kept = await this.#kept(url)
      if (kept === undefined) return undefined
      if (isFresh(kept) && kept.accessToken !== rejected) return kept
      const { refreshToken, resource } = kept
      if (refreshToken === undefined) return undefined
      const server = await findAuthorizationServer(kept.issuer, fetch, { isLegacy: true })
      const { client, authentication } = identify(server, await this.#clientOf(kept))
      const DPoP = key && oauth.DPoP(client, key)
      try {
        const tokens = await withNonceRetry(
          () =>
            oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, {
              ...(DPoP && { DPoP }),
              additionalParameters: { resource },
              ...oauthOptions(server.issuer, fetch),
            }),
          (response) => oauth.processRefreshTokenResponse(server, client, response),
        )
        if (kept.tokenType === 'dpop') requireBound(tokens)
        const next = toGrant(tokens, kept)
        await this.#store.saveGrant(resource, next)
        return { ...next, resource }
      } catch (error) {
        if (!(error instanceof oauth.ResponseBodyError)) throw asGrantError(error)
        if (error.error !== 'invalid_grant' && error.error !== 'invalid_client') {
          throw asGrantError(error)
        }
        await this.#store.saveGrant(resource, undefined)
        // A server that has forgotten the client would refuse it for ever.
        if (error.error === 'invalid_client') await this.#store.forget(kept.issuer)
        return undefined
      }
    })
  }

  async #clientOf({ issuer, clientId }: StoredGrant): Promise<Parameters<typeof identify>[1]> {
    const { client } = this.#options
    if (client?.clientId === clientId) return client
    const registered = await this.#store.find(issuer)
    return registered?.clientId === clientId ? registered : { clientId, method: 'none' }
  }

  async #obtain(
    target: ProtectedServer,
    refusal: Refusal,
    former: string | undefined,
    fetch: Fetch,
  ): Promise<KeptGrant> {
    const { resource, issuer } = target
    const server = await findAuthorizationServer(issuer, fetch, target)
    const { grantTypes, redirectUri } = this.#grant
    const known = await findClient(
      server,
      this.#options,
      { grantTypes, redirectUri },
      this.#store,
      fetch,
    )
    const { client, authentication } = identify(server, known)
    const isBound = this.#binds(server, target, refusal)
    const key = isBound ? await this.#store.dpopKey() : undefined
    const scope = this.#scope(server, target, refusal, former)
    try {
      const tokens = await this.#grant.obtain({
        server,
        client,
        authentication,
        resource,
        scope,
        dpopJkt: key?.jkt,
        fetch,
        options: key === undefined ? {} : { DPoP: oauth.DPoP(client, key) },
      })
      if (this.#options.dpop === 'required') requireBound(tokens)
      const grant = toGrant(tokens, {
        issuer: server.issuer,
        clientId: client.client_id,
        scope: scope ?? '',
        requestedScope: scope ?? '',
        refreshToken: undefined,
      })
      await this.#store.exclusive(() => this.#store.saveGrant(resource, grant))
      return { ...grant, resource }
    } catch (error) {
      throw asGrantError(error)
    }
  }

  /** Bound where both servers say that they can: a server that takes bearer only refuses the rest. */
  #binds(server: oauth.AuthorizationServer, target: ProtectedServer, refusal: Refusal): boolean {
    const { dpop = 'auto' } = this.#options
    if (dpop !== 'auto') return dpop === 'required'
    const canIssue = server.dpop_signing_alg_values_supported?.includes('ES256') ?? false
    return canIssue && (target.dpop !== undefined || refusal.schemes.includes('dpop'))
  }

  /** The challenge comes first, then the metadata; without either the server has its own default. */
  #scope(
    server: oauth.AuthorizationServer,
    target: ProtectedServer,
    refusal: Refusal,
    former: string | undefined,
  ): string | undefined {
    const wanted = union(this.#options.scopes?.join(' '), refusal.scope) ?? target.scopes?.join(' ')
    const canRefresh = server.scopes_supported?.includes('offline_access') ?? false
    return union(
      former,
      wanted,
      this.#grant.wantsRefresh && canRefresh ? 'offline_access' : undefined,
    )
  }
}

/** @throws ClientError `LOGIN_FAILED` for a bearer token, which whoever sees it can use */
function requireBound({ token_type: type }: oauth.TokenEndpointResponse): void {
  if (type === 'dpop') return
  throw new ClientError('LOGIN_FAILED', 'the server issued a token that is not bound to our key')
}

/** All scopes that a grant was asked for or has. */
const scopesOf = (grant: StoredGrant | undefined): string | undefined =>
  union(grant?.requestedScope, grant?.scope)

const isFresh = ({ expiresAt }: StoredGrant): boolean =>
  expiresAt - renewBeforeSeconds > Date.now() / 1000

/** A refresh does not bind what is not bound. */
const isTaken = ({ tokenType }: StoredGrant, { schemes }: Refusal): boolean =>
  tokenType === 'dpop' || schemes.includes('bearer') || !schemes.includes('dpop')

/** Whether a kept grant is another one than the refused, and answers to what was demanded. */
const isNews = (kept: StoredGrant, { rejected, scope }: Refusal): boolean =>
  kept.accessToken !== rejected?.accessToken && isFresh(kept) && includesAll(kept.scope, scope)

function toGrant(
  tokens: oauth.TokenEndpointResponse,
  before: Omit<StoredGrant, 'accessToken' | 'expiresAt' | 'tokenType'>,
): StoredGrant {
  const { issuer, clientId, requestedScope } = before
  return {
    issuer,
    clientId,
    requestedScope,
    accessToken: tokens.access_token,
    // Without a lifetime it is used until it is refused.
    expiresAt:
      tokens.expires_in === undefined
        ? Number.MAX_SAFE_INTEGER
        : Math.floor(Date.now() / 1000) + tokens.expires_in,
    scope: tokens.scope ?? before.scope,
    refreshToken: tokens.refresh_token ?? before.refreshToken,
    tokenType: tokens.token_type === 'dpop' ? 'dpop' : 'bearer',
  }
}
