import type { Collection } from './administration.ts'
import type { Api } from './api.ts'
import { all, segment } from './paging.ts'

/** Everything that is known of one client, registered or described by a document. */
export interface ClientDetail {
  readonly client_id: string
  readonly source: 'builtin' | 'manual' | 'dynamic' | 'document'
  readonly metadata: Readonly<Record<string, unknown>>
  readonly host: string | null
  readonly host_decision: 'waiting' | 'approved' | 'denied' | null
  readonly document_from: 'pinned' | 'fetched' | 'stale' | 'bundled' | null
  readonly fetched_at: string | null
  readonly fresh_until: string | null
  readonly problem: string | null
  readonly active_grants: number
  readonly created_at: string | null
  readonly revoked_at: string | null
}

/** A client document that the server remembers. */
export interface ClientDocumentView {
  readonly client_id: string
  readonly host: string
  readonly client_name: string | null
  readonly fetched_at: string | null
  readonly fresh_until: string
  readonly problem: string | null
}

/** A host whose documents name clients, and what was decided about it. */
export interface ClientHostView {
  readonly host: string
  readonly decision: 'waiting' | 'approved' | 'denied'
  readonly client_id: string | null
  readonly first_seen_at: string
  readonly decided_by: string | null
  readonly decided_at: string | null
}

/** A document that an administrator put in place of what its host says. */
export interface ClientPin {
  readonly client_id: string
  readonly host: string
  readonly document: Readonly<Record<string, unknown>>
  readonly pinned_by: string
  readonly pinned_at: string
}

/** The documents of well-known clients that come with the server. */
export interface BundledDocuments {
  readonly enabled: boolean
  readonly documents: readonly {
    readonly client_id: string
    readonly name: string
    readonly as_of: string
    readonly source: string
    readonly document: Readonly<Record<string, unknown>>
  }[]
}

/** An initial access token (RFC 7591), without the token. */
export interface RegistrationTokenView {
  readonly id: string
  readonly label: string | null
  readonly uses_left: number | null
  readonly created_at: string
  readonly expires_at: string
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}

/** An initial access token to make. */
export interface NewRegistrationToken {
  readonly label?: string
  /** Default: as many as the time allows. */
  readonly uses?: number
  /** Seconds; default seven days. */
  readonly expires_in?: number
}

/** Whose documents are believed, and which are pinned. For administrators. */
export interface ClientDocumentAdministration {
  readonly show: (clientId: string) => Promise<ClientDetail>
  readonly listDocuments: () => Promise<readonly ClientDocumentView[]>
  readonly listHosts: () => Promise<readonly ClientHostView[]>
  readonly decideHost: (host: string, decision: 'approved' | 'denied') => Promise<ClientHostView>
  /** Forgets what was decided about a host, or that it waits. */
  readonly forgetHost: (host: string) => Promise<{ readonly host: string }>
  readonly listPins: () => Promise<readonly ClientPin[]>
  /** Pins a document, or what the server now finds under a URL. */
  readonly pin: (
    what: { readonly document: unknown } | { readonly client_id: string },
  ) => Promise<ClientPin>
  readonly unpin: (clientId: string) => Promise<{ readonly client_id: string }>
  readonly listBundled: () => Promise<BundledDocuments>
}

/** The part of the management API that decides which clients are known. */
export function clientDocumentAdministration(api: Api): ClientDocumentAdministration {
  return {
    show: (id) => api({ method: 'GET', path: `/v1/client?client_id=${encodeURIComponent(id)}` }),
    listDocuments: () => all(api, '/v1/client-documents'),
    listHosts: () => all(api, '/v1/client-hosts'),
    decideHost: (host, decision) =>
      api({ method: 'PUT', path: `/v1/client-hosts/${segment(host)}`, body: { decision } }),
    forgetHost: (host) => api({ method: 'DELETE', path: `/v1/client-hosts/${segment(host)}` }),
    listPins: () => all(api, '/v1/client-pins'),
    pin: (what) => api({ method: 'POST', path: '/v1/client-pins', body: what }),
    unpin: (id) =>
      api({ method: 'DELETE', path: `/v1/client-pins?client_id=${encodeURIComponent(id)}` }),
    listBundled: () => api({ method: 'GET', path: '/v1/client-pins/bundled' }),
  }
}

/** Initial access tokens. */
export type RegistrationTokens = Collection<
  RegistrationTokenView,
  NewRegistrationToken,
  { readonly registration: RegistrationTokenView; readonly token: string }
>
