import type { Denial, Page } from './paging.ts'

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
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
}

export type NewGrant = Omit<
  Grant,
  'createdAtMs' | 'updatedAtMs' | 'revokedAtMs' | 'expiresAtMs'
> & {
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
  /** The newest active grant of this user to this client at this resource. */
  findActive(userId: string, clientId: string, resource: string): Promise<Grant | undefined>
  list(filter?: GrantFilter): Promise<Grant[]>
  /**
   * Revokes one grant, deletes its codes and refresh tokens and denies its access tokens, in one transaction.
   * @throws StorageError NOT_FOUND
   */
  revoke(grantId: string, denial: Denial): Promise<Grant>
}
