import type { Backend } from './backend.ts'
import { revokeConnectionsOf } from './connections/revocation.ts'
import type { ConnectionTable } from './connections/table.ts'
import { addDenials, liftDenial } from './denials.ts'
import { revokeGrants } from './grant-revocation.ts'
import { createReadCache } from './read-cache.ts'
import { limitOf, notFound, orExists } from './rows.ts'
import type { UserRow } from './schema.ts'
import type { Database } from './sqlite/database.ts'
import { all, query, run } from './sqlite/queries.ts'
import { newUlid } from './ulid.ts'
import type { Denial, Page } from './paging.ts'

export type UserRole = 'admin' | 'member'
export type UserStatus = 'active' | 'disabled'

/** A person who may sign in. */
export interface User {
  /** `usr_<ULID>`; the `sub` of every token. */
  readonly id: string
  /** Trimmed, lower case, NFC; unique. */
  readonly email: string
  /** PHC string (argon2id), made and checked by the authorization server. */
  readonly passwordHash: string
  readonly role: UserRole
  readonly status: UserStatus
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface NewUser {
  readonly email: string
  readonly passwordHash: string
  readonly role: UserRole
}

export interface Users {
  /** @throws StorageError EXISTS when the normalised e-mail address is taken. */
  create(user: NewUser): Promise<User>
  find(id: string): Promise<User | undefined>
  /** Looks up by the normalised form, so `Ann@Example.org` finds `ann@example.org`. */
  findByEmail(email: string): Promise<User | undefined>
  list(page?: Page): Promise<User[]>
  /** True when at least one active administrator exists. */
  hasAdministrator(): Promise<boolean>
  /** @throws StorageError NOT_FOUND */
  setPasswordHash(id: string, passwordHash: string): Promise<void>
  /** @throws StorageError NOT_FOUND */
  setRole(id: string, role: UserRole): Promise<void>
  /**
   * Disables a user, revokes every grant and every connection of theirs, denies their tokens and cancels
   * their open invitations, in one transaction. What they administered, such as OAuth apps, stays.
   * @returns the handles of the connections that it revoked
   * @throws StorageError NOT_FOUND
   */
  disable(id: string, denial: Denial): Promise<readonly string[]>
  /**
   * Lets a disabled user in again; revoked grants and connections stay revoked.
   * @throws StorageError NOT_FOUND
   */
  enable(id: string): Promise<void>
}

/** Every refresh asks whether its user may still sign in. */
const cachedUsers = 1000

/** The form in which addresses are stored and compared. */
export function normaliseEmail(email: string): string {
  return email.normalize('NFC').trim().toLowerCase()
}

/** Inserts inside the caller's transaction. @throws StorageError EXISTS */
export function insertUser(db: Database, user: NewUser, nowMs: number): User {
  const row: UserRow = {
    id: `usr_${newUlid(nowMs)}`,
    email: normaliseEmail(user.email),
    password_hash: user.passwordHash,
    role: user.role,
    status: 'active',
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
  }
  orExists('a user with this e-mail address exists', () =>
    run(db, query.insertInto('users').values(row)),
  )
  return toUser(row)
}

export function createUsers(backend: Backend, connections: ConnectionTable): Users {
  const { db, commit, cipher, now } = backend
  const byId = db.prepare<UserRow>('select * from users where id = ?')
  const known = createReadCache<UserRow>(db, cachedUsers, 'users')
  const byEmail = db.prepare<UserRow>('select * from users where email = ?')
  const cancelInvitations = db.prepare(
    'delete from invitations where created_by = ? and used_at_ms is null',
  )
  const change = (id: string, values: Partial<UserRow>): void => {
    const changed = run(
      db,
      query
        .updateTable('users')
        .set({ ...values, updated_at_ms: now() })
        .where('id', '=', id),
    )
    if (changed === 0) throw notFound('user')
  }
  return {
    create: (user) => commit.statement(() => insertUser(db, user, now())),
    async find(id) {
      return toUserOrNone(known.get(id, (name) => byId.get(name)))
    },
    async findByEmail(email) {
      return toUserOrNone(byEmail.get(normaliseEmail(email)))
    },
    async list(page) {
      return all(
        db,
        query
          .selectFrom('users')
          .selectAll()
          .where('id', '>', page?.after ?? '')
          .orderBy('id')
          .limit(limitOf(page)),
      ).map(toUser)
    },
    async hasAdministrator() {
      const administrators = query
        .selectFrom('users')
        .select('id')
        .where('role', '=', 'admin')
        .where('status', '=', 'active')
        .limit(1)
      return all(db, administrators).length > 0
    },
    setPasswordHash: (id, passwordHash) =>
      commit.statement(() => {
        change(id, { password_hash: passwordHash })
      }),
    setRole: (id, role) =>
      commit.statement(() => {
        change(id, { role })
      }),
    disable: (id, { denyUntilMs }) =>
      commit.transaction(() => {
        change(id, { status: 'disabled' })
        revokeGrants(db, cipher, { userId: id }, now())
        cancelInvitations.run(id)
        addDenials(db, [{ kind: 'user', value: id, expiresAtMs: denyUntilMs }])
        return revokeConnectionsOf(backend, connections, id)
      }),
    enable: (id) =>
      commit.transaction(() => {
        change(id, { status: 'active' })
        liftDenial(db, 'user', id)
      }),
  }
}

function toUserOrNone(row: UserRow | undefined): User | undefined {
  return row === undefined ? undefined : toUser(row)
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    passwordHash: row.password_hash,
    role: row.role,
    status: row.status,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  }
}
