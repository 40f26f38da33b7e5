import { hash } from 'node:crypto'
import type { Backend } from './backend.ts'
import type { PendingAuthorizationRow } from './schema.ts'
import { query, run } from './sqlite/queries.ts'

/** A sign-in at a provider that is under way. */
export interface PendingAuthorization {
  readonly handle: string
  /** Who may complete it. */
  readonly owner: string
  readonly appHandle: string
  /** The provider's page. */
  readonly url: string
  /** Sealed by the enclave; holds the PKCE verifier. */
  readonly pending: Uint8Array
  readonly expiresAtMs: number
  /** The connect ticket that it is for. */
  readonly connectTicket?: string | undefined
}

export interface NewPendingAuthorization extends PendingAuthorization {
  /** Names it in the link that is opened; only its hash is stored. */
  readonly ticket: string
  readonly state: string
}

export interface PendingAuthorizations {
  add(authorization: NewPendingAuthorization): Promise<void>
  /** While it is not expired; does not use it up. */
  find(ticket: string): Promise<PendingAuthorization | undefined>
  /**
   * Ties it to the first browser that comes, or tells whether this is the one.
   *
   * @param browser - a secret that only this browser holds
   */
  bindBrowser(ticket: string, browser: string): Promise<boolean>
  /** Uses it up, for its own state and its own browser: of many callers exactly one gets it. */
  take(state: string, browser: string): Promise<PendingAuthorization | undefined>
}

export function createPendingAuthorizations({ db, commit, now }: Backend): PendingAuthorizations {
  const byTicket = db.prepare<PendingAuthorizationRow>(
    'select * from pending_authorizations where ticket_hash = ? and expires_at_ms > ?',
  )
  const bind = db.prepare(
    `update pending_authorizations set browser_hash = ?
     where ticket_hash = ? and expires_at_ms > ? and (browser_hash is null or browser_hash = ?)`,
  )
  const take = db.prepare<PendingAuthorizationRow>(
    `delete from pending_authorizations
     where state_hash = ? and browser_hash = ? and expires_at_ms > ? returning *`,
  )
  const found = (row: PendingAuthorizationRow | undefined): PendingAuthorization | undefined =>
    row && {
      handle: row.handle,
      owner: row.owner,
      appHandle: row.app_handle,
      url: row.url,
      pending: row.pending,
      expiresAtMs: row.expires_at_ms,
      connectTicket: row.connect_ticket ?? undefined,
    }
  return {
    async add(authorization) {
      const { ticket, state, handle, owner, appHandle, url, pending, expiresAtMs } = authorization
      const row: PendingAuthorizationRow = {
        ticket_hash: sha256(ticket),
        state_hash: sha256(state),
        browser_hash: null,
        handle,
        owner,
        app_handle: appHandle,
        url,
        pending,
        created_at_ms: now(),
        expires_at_ms: expiresAtMs,
        connect_ticket: authorization.connectTicket ?? null,
      }
      await commit.statement(() => run(db, query.insertInto('pending_authorizations').values(row)))
    },
    async find(ticket) {
      return found(byTicket.get(sha256(ticket), now()))
    },
    bindBrowser: (ticket, browser) =>
      commit.statement(() => bind.run(sha256(browser), sha256(ticket), now(), sha256(browser)) > 0),
    take: (state, browser) =>
      commit.statement(() => found(take.get(sha256(state), sha256(browser), now()))),
  }
}

function sha256(text: string): Uint8Array {
  return hash('sha256', text, 'buffer')
}
