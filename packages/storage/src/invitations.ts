import type { NewUser, User, UserRole } from './users.ts'

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
