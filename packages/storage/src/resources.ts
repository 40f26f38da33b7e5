import type { Page } from './paging.ts'

export type DpopPolicy = 'off' | 'preferred' | 'required'

export interface ResourceScope {
  readonly name: string
  /** In words, for the consent page. */
  readonly description: string
}

export interface RequiredConnection {
  /** The name under which the server asks for it, e.g. `github`. */
  readonly name: string
  readonly provider: string
  readonly description: string
}

/** A registered resource server (an MCP server). */
export interface Resource {
  /** Canonical URI; the `aud` of its tokens. */
  readonly resource: string
  readonly displayName: string
  readonly aliases: readonly string[]
  readonly scopes: readonly ResourceScope[]
  readonly connections: readonly RequiredConnection[]
  readonly dpop: DpopPolicy
  /** Its own confidential client, for token exchange and the deny list. */
  readonly clientId: string | undefined
  /** Dedalus runner compatibility: the deployment that may sign for it. */
  readonly deploymentId: string | undefined
  readonly createdBy: string | undefined
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface NewResource {
  readonly resource: string
  readonly displayName: string
  readonly aliases?: readonly string[] | undefined
  readonly scopes: readonly ResourceScope[]
  readonly connections?: readonly RequiredConnection[] | undefined
  readonly dpop: DpopPolicy
  readonly clientId?: string | undefined
  readonly deployment?: { readonly id: string; readonly secret: Uint8Array } | undefined
  readonly createdBy?: string | undefined
}

export type ResourceChanges = Partial<Omit<NewResource, 'resource' | 'createdBy'>>

export interface Resources {
  /** @throws StorageError EXISTS when the URI, an alias or the deployment id is taken */
  create(resource: NewResource): Promise<Resource>
  /** Replaces exactly the given fields. @throws StorageError NOT_FOUND, EXISTS */
  update(resource: string, changes: ResourceChanges): Promise<Resource>
  /** By canonical URI. */
  find(resource: string): Promise<Resource | undefined>
  /** By canonical URI or alias, compared byte for byte: the caller canonicalises. */
  resolve(uri: string): Promise<Resource | undefined>
  findByClientId(clientId: string): Promise<Resource | undefined>
  /** The resource and HMAC secret of a deployment id. */
  findDeployment(
    deploymentId: string,
  ): Promise<{ readonly resource: Resource; readonly secret: Uint8Array } | undefined>
  list(page?: Page): Promise<Resource[]>
  /** @throws StorageError NOT_FOUND */
  remove(resource: string): Promise<void>
}
