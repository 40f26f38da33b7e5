import type { Backend } from './backend.ts'
import {
  type ChoiceParties,
  type ConnectionChoice,
  listChoices,
  rememberChoice,
} from './connection-choices.ts'
import { addDenials } from './denials.ts'
import { StorageError } from './errors.ts'
import { revokeGrants } from './grant-revocation.ts'
import type { Denial, Page } from './paging.ts'
import type { JsonObject } from './json.ts'
import { createReadCache } from './read-cache.ts'
import { limitOf, notFound, parseJson } from './rows.ts'
import type { GrantRow } from './schema.ts'
import type { Database } from './sqlite/database.ts'
import { all, query } from './sqlite/queries.ts'
import { isVouchedFor } from './trusted-issuers.ts'

/** What one user allowed one client at one resource. */
export interface Grant {
  /** The library's grant id; also the `ddls:grant` claim. */
  readonly grantId: string
  readonly userId: string
  readonly clientId: string
  readonly resource: string
  readonly scopes: readonly string[]
  /** Name that the resource uses → connection handle. */
  readonly connections: Readonly<Record<string, string>>
  /** What the user allowed in detail (RFC 9396); undefined when nothing was asked so. */
  readonly authorizationDetails: readonly JsonObject[] | undefined
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

export type NewGrant = Omit<
  Grant,
  'createdAtMs' | 'updatedAtMs' | 'revokedAtMs' | 'expiresAtMs' | 'authorizationDetails'
> & {
  readonly authorizationDetails?: readonly JsonObject[] | undefined
  readonly expiresAtMs?: number | undefined
}

export interface GrantFilter extends Page {
  readonly userId?: string | undefined
  readonly clientId?: string | undefined
  readonly resource?: string | undefined
  /** Default false: only grants that are neither revoked nor expired. */
  readonly includeInactive?: boolean | undefined
}

export interface Grants {
  /**
   * Stores or widens a grant.
   * @throws StorageError VERSION_CONFLICT when it was revoked or belongs to another user, client or resource
   */
  put(grant: NewGrant): Promise<Grant>
  find(grantId: string): Promise<Grant | undefined>
  /**
   * The active grant that this user gave this client at this resource in person last: none of those (`<id>.…`)
   * that an issuer or an API key stood for. A connection that is added to an older one does not make it newer.
   */
  findConsent(userId: string, clientId: string, resource: string): Promise<Grant | undefined>
  list(filter?: GrantFilter): Promise<Grant[]>
  /**
   * Names a connection in an active grant of this user, in place of one of the same name. For a grant
   * that each assertion writes anew the choice is kept beside it, until a grant of these parties is
   * revoked.
   * @returns false when there is no such grant
   */
  addConnection(grantId: string, userId: string, name: string, handle: string): Promise<boolean>
  /** The choices that are kept so; whether they still hold is the caller's to check. */
  choices(parties: ChoiceParties): Promise<readonly ConnectionChoice[]>
  /**
   * Revokes one grant, deletes its codes and refresh tokens and denies its access tokens, in one transaction.
   * @throws StorageError NOT_FOUND
   */
  revoke(grantId: string, denial: Denial): Promise<Grant>
}

/** Every token names the connections of its grant. */
const cachedGrants = 1000

export function createGrants({ db, commit, cipher, now }: Backend): Grants {
  const byId = db.prepare<GrantRow>('select * from grants where grant_id = ?')
  const known = createReadCache<GrantRow>(db, cachedGrants, 'grants')
  const consent = db.prepare<GrantRow>(
    `select * from grants
     where user_id = ? and client_id = ? and resource = ? and instr(grant_id, '.') = 0
       and revoked_at_ms is null and (expires_at_ms is null or expires_at_ms > ?)
     order by created_at_ms desc, grant_id desc limit 1`,
  )
  const put = db.prepare<GrantRow>(
    `insert into grants (grant_id, user_id, client_id, resource, scopes, connections,
       authorization_details, created_at_ms, updated_at_ms, expires_at_ms)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (grant_id) do update set scopes = excluded.scopes, connections = excluded.connections,
       authorization_details = excluded.authorization_details,
       updated_at_ms = excluded.updated_at_ms, expires_at_ms = excluded.expires_at_ms
     where revoked_at_ms is null and user_id = excluded.user_id and client_id = excluded.client_id
       and resource = excluded.resource
     returning *`,
  )
  const addConnection = db.prepare(
    `update grants set connections = json_patch(connections, json_object(?, ?)), updated_at_ms = ?
     where grant_id = ? and user_id = ? and revoked_at_ms is null
       and (expires_at_ms is null or expires_at_ms > ?)`,
  )
  return {
    put: (grant) =>
      commit.statement(() => {
        const nowMs = now()
        const row = put.get(
          grant.grantId,
          grant.userId,
          grant.clientId,
          grant.resource,
          JSON.stringify(grant.scopes),
          JSON.stringify(grant.connections),
          grant.authorizationDetails === undefined
            ? null
            : JSON.stringify(grant.authorizationDetails),
          nowMs,
          nowMs,
          grant.expiresAtMs ?? null,
        )
        if (row === undefined) {
          throw new StorageError(
            'VERSION_CONFLICT',
            'the grant was revoked, or is for another user, client or resource',
          )
        }
        return toGrant(row)
      }),
    async find(grantId) {
      const row = known.get(grantId, (id) => byId.get(id))
      return row === undefined ? undefined : toGrant(row)
    },
    async findConsent(userId, clientId, resource) {
      const row = consent.get(userId, clientId, resource, now())
      return row === undefined ? undefined : toGrant(row)
    },
    async list(filter) {
      return listGrants(db, filter, now())
    },
    addConnection: (grantId, userId, name, handle) =>
      commit.transaction(() => {
        const nowMs = now()
        const isAdded = addConnection.run(name, handle, nowMs, grantId, userId, nowMs) > 0
        if (isAdded && isVouchedFor(grantId)) {
          rememberChoice(db, grantId, { name, handle, chosenAtMs: nowMs })
        }
        return isAdded
      }),
    async choices(parties) {
      return listChoices(db, parties)
    },
    revoke: (grantId, { denyUntilMs }) =>
      commit.transaction(() => {
        revokeGrants(db, cipher, { grantId }, now())
        const row = byId.get(grantId)
        if (row === undefined) throw notFound('grant')
        addDenials(db, [{ kind: 'grant', value: grantId, expiresAtMs: denyUntilMs }])
        return toGrant(row)
      }),
  }
}

function listGrants(db: Database, filter: GrantFilter | undefined, nowMs: number): Grant[] {
  let chosen = query
    .selectFrom('grants')
    .selectAll()
    .where('grant_id', '>', filter?.after ?? '')
    .orderBy('grant_id')
    .limit(limitOf(filter))
  if (filter?.userId !== undefined) chosen = chosen.where('user_id', '=', filter.userId)
  if (filter?.clientId !== undefined) chosen = chosen.where('client_id', '=', filter.clientId)
  if (filter?.resource !== undefined) chosen = chosen.where('resource', '=', filter.resource)
  if (filter?.includeInactive !== true) {
    chosen = chosen
      .where('revoked_at_ms', 'is', null)
      .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', nowMs)]))
  }
  return all(db, chosen).map(toGrant)
}

function toGrant(row: GrantRow): Grant {
  return {
    grantId: row.grant_id,
    userId: row.user_id,
    clientId: row.client_id,
    resource: row.resource,
    scopes: parseJson(row.scopes) as string[],
    connections: parseJson(row.connections) as Record<string, string>,
    authorizationDetails:
      row.authorization_details === null
        ? undefined
        : (parseJson(row.authorization_details) as JsonObject[]),
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    revokedAtMs: row.revoked_at_ms ?? undefined,
  }
}
