import {
  type ConnectionPolicy,
  denyAllPolicy,
  type OAuthApp,
  parseConnectionHandle,
} from '@holdfast/protocol'
import type { Api } from './api.ts'
import type { ConnectionView } from './connections.ts'
import { all, segment } from './paging.ts'
import { requireSealable, type Reservation, sealAndUpload, type SealParts } from './seal-upload.ts'

/** An OAuth client at a provider, as the server describes it: never with its secret. */
export interface OAuthAppView {
  readonly handle: string
  readonly provider: string
  readonly label: string | null
  readonly status: string
  readonly base_url: string
  /** What the provider must have on its list of redirect URIs. */
  readonly redirect_uri: string
  readonly client: {
    readonly client_id: string
    readonly authorization_endpoint: string
    readonly token_endpoint: string
    readonly scopes: readonly string[]
  } | null
  readonly created_at: string
  readonly revoked_at: string | null
}

/** An OAuth client to seal. */
export interface NewOAuthApp {
  /** Catalog name, such as `github`. */
  readonly provider: string
  readonly label?: string | undefined
  /** The only host that will ever get tokens of this app. */
  readonly baseUrl: string
  readonly app: Omit<OAuthApp, 'kind'>
  /** Absent for a public client. Wipe it after the call. */
  readonly clientSecret?: Uint8Array | undefined
}

/** A connection that is made by signing in at the provider. */
export interface NewOAuthConnection {
  /** Handle of the OAuth app. */
  readonly app: string
  readonly name?: string | undefined
  readonly label?: string | undefined
  /** Default: nothing may use it. */
  readonly policy?: ConnectionPolicy | undefined
}

/** A page that the owner opens in a browser. */
export interface AuthorizationLink {
  readonly authorization_url: string
  readonly expires_at: string
}

/** Operators' own clients at providers, through which people connect their accounts by OAuth. */
export interface OAuthApps {
  /** Seals the client's secret here and uploads it. Administrators only. */
  readonly create: (app: NewOAuthApp) => Promise<{ handle: string; redirect_uri: string }>
  readonly list: () => Promise<readonly OAuthAppView[]>
  readonly revoke: (handle: string) => Promise<OAuthAppView>
  /** Reserves a connection; {@link OAuthApps.authorize} gives it an account. */
  readonly connect: (connection: NewOAuthConnection) => Promise<ConnectionView>
  /** A link to sign in at the provider, for a new connection or one that needs it anew. */
  readonly authorize: (handle: string, scopes?: readonly string[]) => Promise<AuthorizationLink>
}

/** OAuth clients at providers, and the connections that are authorized with them. */
export function oauthAppsApi(parts: SealParts): OAuthApps {
  const { api } = parts
  return {
    create: (app) => create(parts, app),
    list: () => all<OAuthAppView>(api, '/v1/oauth-apps'),
    revoke: (handle) => api({ method: 'DELETE', path: appPath(handle) }),
    connect: ({ app, name, label, policy }) =>
      api({
        method: 'POST',
        path: `${appPath(app)}/connections`,
        body: { name, label, policy: policy ?? denyAllPolicy },
      }),
    authorize: (handle, scopes) =>
      api({
        method: 'POST',
        path: `/v1/connections/${segment(parseConnectionHandle(handle))}/authorize`,
        body: { ...(scopes && { scopes }) },
      }),
  }
}

const appPath = (handle: string): string =>
  `/v1/oauth-apps/${segment(parseConnectionHandle(handle))}`

async function create(
  parts: SealParts,
  { provider, label, baseUrl, app, clientSecret }: NewOAuthApp,
): Promise<{ handle: string; redirect_uri: string }> {
  const { api } = parts
  const sealable = {
    provider,
    baseUrl,
    credential: { kind: 'oauth2_app', ...app } as const,
    secrets: clientSecret ? { client_secret: clientSecret } : {},
  }
  requireSealable(sealable)
  const sealingKey = await parts.sealingKey()
  const reserved = await reserve(api, { provider, label, base_url: baseUrl })
  try {
    const { handle } = await sealAndUpload(parts, sealingKey, reserved, sealable)
    return { handle, redirect_uri: reserved.redirect_uri }
  } catch (error) {
    // A reservation without a client is of no use to anybody.
    await api({ method: 'DELETE', path: appPath(reserved.handle) }).catch(() => undefined)
    throw error
  }
}

const reserve = (api: Api, body: object): Promise<Reservation & { redirect_uri: string }> =>
  api({ method: 'POST', path: '/v1/oauth-apps', body })
