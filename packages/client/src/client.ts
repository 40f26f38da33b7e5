import type { KeyRotation, SigningAlgorithm } from './key-rotation.ts'
import { type Access, createAccess } from './access.ts'
import {
  type ClientView,
  type Collection,
  collection,
  type GrantView,
  type Invitation,
  type NewClient,
  type NewUser,
  type RegisteredClient,
  type Resources,
  resourcesApi,
  type UserView,
} from './administration.ts'
import type { ApiKeys } from './api-keys.ts'
import { type Api, createApi } from './api.ts'
import { type Audit, auditApi } from './audit.ts'
import {
  type ClientDocumentAdministration,
  clientDocumentAdministration,
  type RegistrationTokens,
} from './client-administration.ts'
import { type Connections, connectionsApi } from './connections.ts'
import { type ConnectTickets, connectTicketsApi } from './connect-tickets.ts'
import type { Issuers } from './issuers.ts'
import { type OAuthApps, oauthAppsApi } from './oauth-apps.ts'
import { type DeviceLoginOptions, loginWithDevice } from './device-login.ts'
import { createDispatch, type Dispatch } from './dispatch.ts'
import { type Fetch, platformFetch } from './http.ts'
import { login, type LoginOptions } from './login.ts'
import { logout } from './logout.ts'
import type { ResourceName } from './resource-names.ts'
import { requireSecureUrl } from './secure-url.ts'
import { trustedSealingKey, type TrustedSealingKey } from './sealing-keys.ts'
import type { StoredTokens, TokenStore } from './session.ts'
import { type SigningKeys, signingKeys } from './signing-keys.ts'
import { readTimeLimit, withTimeLimit } from './time-limit.ts'
import { subjectOf } from './token-claims.ts'

/** What a client is made of. */
export interface ClientOptions {
  /** The server's issuer URL, without a trailing slash. */
  readonly issuer: string
  /** Where tokens, the DPoP key and the enclave's pinned identity are kept. */
  readonly tokenStore: TokenStore
  /** The public client to sign in as. Default `holdfast-cli`, which every server knows. */
  readonly clientId?: string
  /** Default: the platform's. */
  readonly fetch?: Fetch
  /**
   * How long one request may take: discovery, tokens, revocation, connections and all else. One for which
   * the server calls an upstream gets that time on top. Default 30000.
   */
  readonly requestTimeoutMs?: number
}

/** A signed-in (or not yet signed-in) caller of one server. */
export interface Client {
  readonly login: (options: LoginOptions) => Promise<StoredTokens>
  /** Signs in with a browser on another device. */
  readonly loginWithDevice: (options: DeviceLoginOptions) => Promise<StoredTokens>
  /** Revokes the tokens at the server, if it answers, and forgets them here. The pin stays. */
  readonly logout: () => Promise<void>
  /** A token that is valid now. @throws ClientError `NOT_SIGNED_IN`, `SESSION_EXPIRED` */
  readonly token: (resource: ResourceName) => Promise<StoredTokens>
  readonly connections: Connections
  /** OAuth clients at providers, and sign-ins with them. */
  readonly oauthApps: OAuthApps
  readonly connectTickets: ConnectTickets
  /** Keys with which programs act for the caller. */
  readonly apiKeys: ApiKeys
  readonly issuers: Issuers
  readonly clients: Collection<ClientView, NewClient, RegisteredClient>
  /** Clients that are described by a document on the web. */
  readonly clientDocuments: ClientDocumentAdministration
  readonly registrationTokens: RegistrationTokens
  readonly resources: Resources
  readonly users: Collection<UserView, NewUser, Invitation>
  readonly grants: Omit<Collection<GrantView, never, never>, 'create'>
  readonly audit: Audit
  readonly keys: {
    /** The sealing key to use, verified; pins the enclave's identity on first use. */
    readonly sealing: () => Promise<TrustedSealingKey>
    /** The keys that sign access tokens; for administrators. @throws ClientError `FORBIDDEN` */
    readonly signing: () => Promise<SigningKeys>
    /** Forgets the pinned identity: the next use trusts what it finds. */
    readonly forgetPin: () => Promise<void>
    /** With another algorithm than the next signing key's, one of that algorithm is published and signs a minute later. */
    readonly rotate: (
      what: 'signing' | 'sealing',
      options?: { readonly alg?: SigningAlgorithm },
    ) => Promise<KeyRotation>
  }
  readonly status: () => Promise<unknown>
  readonly dispatch: Dispatch
}

/**
 * A client of a Holdfast server.
 *
 * @throws ClientError `PLAINTEXT_REFUSED` when the issuer is not https: there is no way to send a
 *   credential or a token in plain text
 * @example
 * ```ts
 * const client = createClient({ issuer: 'http://localhost:4444', tokenStore })
 * const { handle } = await client.connections.create({ provider: 'github', … })
 * await client.dispatch(handle, { method: 'GET', path: '/user' })
 * ```
 */
export function createClient(options: ClientOptions): Client {
  const { issuer, tokenStore: store, clientId = 'holdfast-cli' } = options
  const limit = readTimeLimit('requestTimeoutMs', options.requestTimeoutMs)
  const unlimited: Fetch = options.fetch ?? platformFetch
  const fetch = withTimeLimit(unlimited, limit)
  requireSecureUrl(issuer, 'the issuer')
  const parts = { issuer, clientId, store, fetch }
  const access: Access = createAccess(parts)
  const api: Api = createApi(issuer, access, unlimited, limit)
  const sealingKey = (): Promise<TrustedSealingKey> => trustedSealingKey(issuer, store, fetch)
  const token = async (resource: ResourceName): Promise<StoredTokens> =>
    (await access.tokenFor(resource)).tokens
  const sealParts = {
    api,
    sealingKey,
    subject: async () => subjectOf((await token('management')).accessToken),
  }
  return {
    login: (loginOptions) => login(parts, loginOptions),
    loginWithDevice: (deviceOptions) => loginWithDevice(parts, deviceOptions),
    logout: () => logout(parts),
    token,
    connections: connectionsApi(sealParts),
    oauthApps: oauthAppsApi(sealParts),
    connectTickets: connectTicketsApi(api),
    apiKeys: collection(api, '/v1/api-keys'),
    issuers: collection(api, '/v1/issuers'),
    clients: collection(api, '/v1/clients'),
    clientDocuments: clientDocumentAdministration(api),
    registrationTokens: collection(api, '/v1/registration-tokens'),
    resources: resourcesApi(api),
    users: collection(api, '/v1/users'),
    grants: collection(api, '/v1/grants'),
    audit: auditApi(api),
    keys: {
      sealing: sealingKey,
      signing: () => signingKeys(api),
      forgetPin: () =>
        store.exclusive(async () => {
          const session = await store.load()
          if (session !== undefined) await store.save({ ...session, pin: undefined })
        }),
      rotate: (what, options) =>
        api({ method: 'POST', path: '/v1/keys/rotate', body: { what, ...options } }),
    },
    status: () => api({ method: 'GET', path: '/v1/status' }),
    dispatch: createDispatch(api),
  }
}
