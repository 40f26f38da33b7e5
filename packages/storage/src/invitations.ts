import { hash, randomBytes } from 'node:crypto'
import type { Backend } from './backend.ts'
import { StorageError } from './errors.ts'
import type { InvitationRow } from './schema.ts'
import { query, run } from './sqlite/queries.ts'
import { newUlid } from './ulid.ts'
import { insertUser, normaliseEmail, type NewUser, type User, type UserRole } from './users.ts'

export type InvitationPurpose = 'setup' | 'invite'

/** A one-time key to create an account; only its hash is stored. */
export interface Invitation {
  readonly id: string
  readonly purpose: InvitationPurpose
  readonly role: UserRole
  /** When set, only this address may use the key. */
  readonly email: string | undefined
  /** The administrator who invited; undefined for the set-up key. */
  readonly createdBy: string | undefined
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

export interface NewInvitation {
  readonly purpose: InvitationPurpose
  readonly role: UserRole
  readonly email?: string | undefined
  readonly createdBy?: string | undefined
  readonly expiresAtMs: number
}

export interface Invitations {
  /** Returns the key (256 random bits, base64url); it cannot be read again. */
  create(
    invitation: NewInvitation,
  ): Promise<{ readonly invitation: Invitation; readonly key: string }>
  /** The invitation of an unused, unexpired key of this purpose, without using it up. */
  find(key: string, purpose: InvitationPurpose): Promise<Invitation | undefined>
  /**
   * Uses up the key and creates the account in one transaction; of many callers exactly one wins.
   * The role and (if bound) the e-mail address are the invitation's; on EXISTS the key stays usable.
   * @throws StorageError ONE_TIME_KEY_INVALID for an unknown, used, expired or foreign key
   * @throws StorageError EXISTS when the e-mail address is taken
   */
  redeem(key: string, purpose: InvitationPurpose, user: Omit<NewUser, 'role'>): Promise<User>
  /** Deletes every unused key of this purpose, so that only the newest set-up link works. */
  cancelAll(purpose: InvitationPurpose): Promise<void>
}

export function createInvitations({ db, commit, now }: Backend): Invitations {
  const byKey = db.prepare<InvitationRow>(
    `select * from invitations
     where key_hash = ? and purpose = ? and used_at_ms is null and expires_at_ms > ?`,
  )
  const use = db.prepare<InvitationRow>(
    `update invitations set used_at_ms = ?
     where key_hash = ? and purpose = ? and used_at_ms is null and expires_at_ms > ?
     returning *`,
  )
  const usedBy = db.prepare('update invitations set used_by = ? where id = ?')
  const cancel = db.prepare('delete from invitations where purpose = ? and used_at_ms is null')
  return {
    async create(invitation) {
      const key = randomBytes(32).toString('base64url')
      const nowMs = now()
      const row: InvitationRow = {
        id: `inv_${newUlid(nowMs)}`,
        key_hash: sha256(key),
        purpose: invitation.purpose,
        role: invitation.role,
        email: invitation.email === undefined ? null : normaliseEmail(invitation.email),
        created_by: invitation.createdBy ?? null,
        created_at_ms: nowMs,
        expires_at_ms: invitation.expiresAtMs,
        used_at_ms: null,
        used_by: null,
      }
      await commit.statement(() => run(db, query.insertInto('invitations').values(row)))
      return { invitation: toInvitation(row), key }
    },
    async find(key, purpose) {
      const row = byKey.get(sha256(key), purpose, now())
      return row === undefined ? undefined : toInvitation(row)
    },
    redeem: (key, purpose, user) =>
      commit.transaction(() => {
        const nowMs = now()
        const invitation = use.get(nowMs, sha256(key), purpose, nowMs)
        if (
          invitation === undefined ||
          (invitation.email !== null && invitation.email !== normaliseEmail(user.email))
        ) {
          throw new StorageError(
            'ONE_TIME_KEY_INVALID',
            'the link was used, has expired, or is for another e-mail address: ask for a new one',
          )
        }
        const created = insertUser(db, { ...user, role: invitation.role }, nowMs)
        usedBy.run(created.id, invitation.id)
        return created
      }),
    async cancelAll(purpose) {
      await commit.statement(() => cancel.run(purpose))
    },
  }
}

function sha256(key: string): Uint8Array {
  return hash('sha256', key, 'buffer')
}

function toInvitation(row: InvitationRow): Invitation {
  return {
    id: row.id,
    purpose: row.purpose,
    role: row.role,
    email: row.email ?? undefined,
    createdBy: row.created_by ?? undefined,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  }
}
