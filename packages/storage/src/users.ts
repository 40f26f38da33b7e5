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
   * Disables a user, revokes every grant of theirs and denies their tokens, in one transaction.
   * @throws StorageError NOT_FOUND
   */
  disable(id: string, denial: Denial): Promise<void>
  /**
   * Lets a disabled user in again; revoked grants stay revoked.
   * @throws StorageError NOT_FOUND
   */
  enable(id: string): Promise<void>
}
