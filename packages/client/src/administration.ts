import type { Api } from './api.ts'
import { all, segment } from './paging.ts'

/** An entry of a list; every one has an id. */
export interface Entry {
  readonly id: string
  readonly [field: string]: unknown
}

/** An OAuth client to register. */
export interface NewClient {
  readonly name: string
  /** Empty for a confidential client without a browser. */
  readonly redirect_uris: readonly string[]
  /** A confidential client gets a secret, shown once. Default false. */
  readonly confidential?: boolean
  readonly [field: string]: unknown
}

/** A resource (MCP server) to register. */
export interface NewResource {
  /** Canonical URI. */
  readonly resource: string
  readonly name: string
  readonly scopes: readonly { readonly name: string; readonly description: string }[]
  readonly connections?: readonly { readonly name: string; readonly provider?: string }[]
  readonly dpop?: 'off' | 'preferred' | 'required'
  readonly [field: string]: unknown
}

/** A user to invite; the answer holds the invitation's one-time `url`. */
export interface NewUser {
  readonly email?: string
  readonly role?: 'admin' | 'member'
}

/** A list that can be read, added to and taken from. */
export interface Collection<New> {
  readonly list: () => Promise<readonly Entry[]>
  readonly create: (entry: New) => Promise<Entry>
  readonly revoke: (id: string) => Promise<Entry | undefined>
}

/** A collection of the management API at a path. */
export function collection<New>(api: Api, path: string): Collection<New> {
  return {
    list: () => all<Entry>(api, path),
    create: (entry) => api({ method: 'POST', path, body: entry }),
    revoke: (id) => api({ method: 'DELETE', path: `${path}/${segment(id)}` }),
  }
}
