import type { Backend } from './backend.ts'
import type { Page } from './paging.ts'
import { createReadCache } from './read-cache.ts'
import { limitOf, notFound, orExists, parseJson } from './rows.ts'
import type { ResourceRow } from './schema.ts'
import { all, query, run } from './sqlite/queries.ts'

export type DpopPolicy = 'off' | 'preferred' | 'required'

export interface ResourceScope {
  readonly name: string
  /** In words, for the consent page. */
  readonly description: string
  /** True when the consent page leaves it to the user to tick it. */
  readonly optional?: boolean | undefined
}

export interface RequiredConnection {
  /** The name under which the server asks for it, e.g. `github`. */
  readonly name: string
  readonly provider: string
  readonly description: string
  /** True when the server works without it. */
  readonly optional?: boolean | undefined
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
  /** True when proofs for its tokens must carry a nonce of the server. */
  readonly dpopNonce: boolean
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
  /** Default false. */
  readonly dpopNonce?: boolean | undefined
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
  /** True when any resource demands nonces in proofs. */
  demandsNonce(): Promise<boolean>
  /** The resource and HMAC secret of a deployment id. */
  findDeployment(
    deploymentId: string,
  ): Promise<{ readonly resource: Resource; readonly secret: Uint8Array } | undefined>
  list(page?: Page): Promise<Resource[]>
  /** @throws StorageError NOT_FOUND */
  remove(resource: string): Promise<void>
}

export function createResources({ db, commit, cipher, now }: Backend): Resources {
  const aliasesOf = db.prepare<{ name: string }>(
    'select name from resource_names where resource = ? and name <> ? order by name',
  )
  const toResource = (row: ResourceRow): Resource => ({
    resource: row.resource,
    displayName: row.display_name,
    aliases: aliasesOf.all(row.resource, row.resource).map(({ name }) => name),
    scopes: parseJson(row.scopes) as ResourceScope[],
    connections: parseJson(row.connections) as RequiredConnection[],
    dpop: row.dpop,
    dpopNonce: row.dpop_nonce === 1,
    clientId: row.client_id ?? undefined,
    deploymentId: row.deployment_id ?? undefined,
    createdBy: row.created_by ?? undefined,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  })
  const byUri = db.prepare<ResourceRow>('select * from resources where resource = ?')
  const byName = db.prepare<ResourceRow>(
    `select resources.* from resource_names join resources using (resource)
     where resource_names.name = ?`,
  )
  const byClient = db.prepare<ResourceRow>('select * from resources where client_id = ?')
  const byDeployment = db.prepare<ResourceRow>('select * from resources where deployment_id = ?')
  const anyNonce = db.prepare<{ found: 1 }>(
    'select 1 as found from resources where dpop_nonce = 1 limit 1',
  )
  const named = createReadCache<Resource>(db)
  const nonceDemanded = createReadCache<boolean>(db, 1, 'resources')
  const orNone = (row: ResourceRow | undefined): Resource | undefined =>
    row === undefined ? undefined : toResource(row)

  /** A change of resources, after which everybody reads anew. */
  const change = <T>(work: () => T): Promise<T> =>
    commit.transaction(() => {
      named.clear()
      return work()
    })
  const setNames = (resource: string, aliases: readonly string[]): void => {
    db.prepare('delete from resource_names where resource = ?').run(resource)
    const insert = db.prepare('insert into resource_names (name, resource) values (?, ?)')
    for (const name of new Set([resource, ...aliases])) insert.run(name, resource)
  }
  const taken = 'this URI, alias, client or deployment belongs to a registered resource'
  const deploymentColumns = (
    deployment: NewResource['deployment'],
  ): Pick<ResourceRow, 'deployment_id' | 'deployment_secret'> =>
    deployment === undefined
      ? { deployment_id: null, deployment_secret: null }
      : {
          deployment_id: deployment.id,
          deployment_secret: cipher.seal(deploymentContext(deployment.id), deployment.secret),
        }

  return {
    create: (resource) =>
      change(() => {
        const nowMs = now()
        const row: ResourceRow = {
          resource: resource.resource,
          display_name: resource.displayName,
          scopes: JSON.stringify(resource.scopes),
          connections: JSON.stringify(resource.connections ?? []),
          dpop: resource.dpop,
          dpop_nonce: resource.dpopNonce === true ? 1 : 0,
          client_id: resource.clientId ?? null,
          ...deploymentColumns(resource.deployment),
          created_by: resource.createdBy ?? null,
          created_at_ms: nowMs,
          updated_at_ms: nowMs,
        }
        orExists(taken, () => {
          run(db, query.insertInto('resources').values(row))
          setNames(row.resource, resource.aliases ?? [])
        })
        return toResource(row)
      }),
    update: (resource, changes) =>
      change(() => {
        const { scopes, connections, deployment } = changes
        const changed = orExists(taken, () =>
          run(
            db,
            query
              .updateTable('resources')
              .set({
                updated_at_ms: now(),
                ...(changes.displayName !== undefined && { display_name: changes.displayName }),
                ...(scopes !== undefined && { scopes: JSON.stringify(scopes) }),
                ...(connections !== undefined && { connections: JSON.stringify(connections) }),
                ...(changes.dpop !== undefined && { dpop: changes.dpop }),
                ...(changes.dpopNonce !== undefined && { dpop_nonce: changes.dpopNonce ? 1 : 0 }),
                ...(changes.clientId !== undefined && { client_id: changes.clientId }),
                ...(deployment !== undefined && deploymentColumns(deployment)),
              })
              .where('resource', '=', resource),
          ),
        )
        if (changed === 0) throw notFound('resource')
        const { aliases } = changes
        if (aliases !== undefined) {
          orExists(taken, () => {
            setNames(resource, aliases)
          })
        }
        return toResource(byUri.get(resource)!)
      }),
    async find(resource) {
      return orNone(byUri.get(resource))
    },
    async resolve(uri) {
      return named.get(uri, (name) => orNone(byName.get(name)))
    },
    async findByClientId(clientId) {
      return orNone(byClient.get(clientId))
    },
    async demandsNonce() {
      return nonceDemanded.get('any', () => anyNonce.get() !== undefined)!
    },
    async findDeployment(deploymentId) {
      const row = byDeployment.get(deploymentId)
      if (row === undefined || row.deployment_secret === null) return undefined
      return {
        resource: toResource(row),
        secret: cipher.open(deploymentContext(deploymentId), row.deployment_secret),
      }
    },
    async list(page) {
      return all(
        db,
        query
          .selectFrom('resources')
          .selectAll()
          .where('resource', '>', page?.after ?? '')
          .orderBy('resource')
          .limit(limitOf(page)),
      ).map(toResource)
    },
    remove: (resource) =>
      change(() => {
        if (run(db, query.deleteFrom('resources').where('resource', '=', resource)) === 0) {
          throw notFound('resource')
        }
      }),
  }
}

const deploymentContext = (deploymentId: string): string => `deployment-secret\0${deploymentId}`
