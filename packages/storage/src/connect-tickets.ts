import { hash } from 'node:crypto'
import type { Backend } from './backend.ts'
import type { JsonObject } from './json.ts'
import { parseJson } from './rows.ts'
import type { ConnectTicketRow } from './schema.ts'
import { query, run } from './sqlite/queries.ts'

/** A link on which one person connects one account. Worthless to anybody else. */
export interface ConnectTicket {
  /** Names it in its link. */
  readonly id: string
  readonly owner: string
  /** Catalog name; undefined when the person chooses. */
  readonly provider: string | undefined
  /** Name under which a resource asks for the connection. */
  readonly name: string | undefined
  readonly label: string | undefined
  /** What the connection will be allowed; undefined when the person chooses. */
  readonly policy: JsonObject | undefined
  /** The resource that asked. */
  readonly resource: string | undefined
  /** The client that asked. */
  readonly clientId: string | undefined
  /** The client for which it asked. */
  readonly agentId: string | undefined
  /** The sign-in during which it was asked for, and to which its page leads back. */
  readonly interaction: string | undefined
  /** The grant that gets the connection. */
  readonly grantId: string | undefined
  /** The connection: the one to renew, or the one that was reserved on the page. */
  readonly handle: string | undefined
  /** True for a new value of an existing connection. */
  readonly isRenewal: boolean
  readonly createdAtMs: number
  readonly usableUntilMs: number
  readonly connectedAtMs: number | undefined
}

export interface NewConnectTicket {
  readonly id: string
  readonly owner: string
  readonly provider?: string | undefined
  readonly name?: string | undefined
  readonly label?: string | undefined
  readonly policy?: JsonObject | undefined
  readonly resource?: string | undefined
  readonly clientId?: string | undefined
  readonly agentId?: string | undefined
  readonly interaction?: string | undefined
  readonly grantId?: string | undefined
  /** The connection to renew. */
  readonly handle?: string | undefined
  readonly usableUntilMs: number
}

/** Who lacks which connection, and for whom. */
export type ConnectNeed = Pick<
  NewConnectTicket,
  'owner' | 'resource' | 'clientId' | 'agentId' | 'grantId' | 'name' | 'provider' | 'interaction'
>

/** Whose connection no longer works, and who noticed. */
export type RenewalNeed = Pick<
  NewConnectTicket,
  'owner' | 'resource' | 'clientId' | 'agentId' | 'handle'
>

export interface ConnectTickets {
  add(ticket: NewConnectTicket): Promise<ConnectTicket>
  /** Also a used or an old one, for as long as its fate may be asked. */
  find(id: string): Promise<ConnectTicket | undefined>
  /**
   * An open ticket for exactly this need that is usable until then at least: nobody is handed one that was
   * made for another.
   */
  findOpen(need: ConnectNeed, untilMs: number): Promise<ConnectTicket | undefined>
  /** The same for a new value of a connection. */
  findRenewal(need: RenewalNeed, untilMs: number): Promise<ConnectTicket | undefined>
  /** How many of this owner are open. */
  countOpen(owner: string): Promise<number>
  /** Ties an open ticket to the browser in which its owner signed in last. */
  bindBrowser(id: string, browser: string): Promise<boolean>
  isBrowser(id: string, browser: string): Promise<boolean>
  /** Counts an attempt. @returns false when the ticket is not open, or was tried too often */
  attempt(id: string, maxAttempts: number): Promise<boolean>
  /** Names the connection of an open ticket, in place of `from`: of many callers exactly one may. */
  setHandle(id: string, from: string | undefined, handle: string): Promise<boolean>
  /**
   * Uses it up for a connection, in place of `from`, which is the same unless it was reserved for another:
   * of many callers exactly one may.
   */
  finish(id: string, handle: string, from?: string | null): Promise<boolean>
}

/** How long after its end a ticket's fate can be asked. */
const remembersMs = 3_600_000

export function createConnectTickets({ db, commit, now }: Backend): ConnectTickets {
  const byId = db.prepare<ConnectTicketRow>(
    'select * from connect_tickets where id = ? and expires_at_ms > ?',
  )
  const open = 'connected_at_ms is null and usable_until_ms > ?'
  const byNeed = db.prepare<ConnectTicketRow>(
    `select * from connect_tickets where owner = ? and resource is ? and client_id is ?
       and agent_id is ? and grant_id is ? and name is ? and provider is ? and interaction is ?
       and handle is null and ${open} order by usable_until_ms desc limit 1`,
  )
  const byHandle = db.prepare<ConnectTicketRow>(
    `select * from connect_tickets where owner = ? and resource is ? and client_id is ?
       and agent_id is ? and handle is ? and is_renewal = 1
       and ${open} order by usable_until_ms desc limit 1`,
  )
  const count = db.prepare<{ readonly count: number }>(
    `select count(*) as count from connect_tickets where owner = ? and ${open}`,
  )
  const bind = db.prepare(`update connect_tickets set browser_hash = ? where id = ? and ${open}`)
  const bound = db.prepare<{ readonly id: string }>(
    'select id from connect_tickets where id = ? and browser_hash = ?',
  )
  const attempt = db.prepare(
    `update connect_tickets set attempts = attempts + 1 where id = ? and ${open} and attempts < ?`,
  )
  const name = db.prepare(
    `update connect_tickets set handle = ? where id = ? and ${open} and handle is ?`,
  )
  const finish = db.prepare(
    `update connect_tickets set connected_at_ms = ?, handle = ? where id = ? and ${open} and handle is ?`,
  )
  return {
    async add(ticket) {
      const row: ConnectTicketRow = {
        id: ticket.id,
        owner: ticket.owner,
        provider: ticket.provider ?? null,
        name: ticket.name ?? null,
        label: ticket.label ?? null,
        policy: ticket.policy === undefined ? null : JSON.stringify(ticket.policy),
        resource: ticket.resource ?? null,
        client_id: ticket.clientId ?? null,
        grant_id: ticket.grantId ?? null,
        handle: ticket.handle ?? null,
        is_renewal: ticket.handle === undefined ? 0 : 1,
        browser_hash: null,
        attempts: 0,
        created_at_ms: now(),
        usable_until_ms: ticket.usableUntilMs,
        connected_at_ms: null,
        expires_at_ms: ticket.usableUntilMs + remembersMs,
        agent_id: ticket.agentId ?? null,
        interaction: ticket.interaction ?? null,
      }
      await commit.statement(() => run(db, query.insertInto('connect_tickets').values(row)))
      return toTicket(row)
    },
    async find(id) {
      const row = byId.get(id, now())
      return row && toTicket(row)
    },
    async findOpen(need, untilMs) {
      const { owner, resource, clientId, agentId, grantId, name, provider, interaction } = need
      const parties = [resource, clientId, agentId, grantId, name, provider, interaction]
      const row = byNeed.get(owner, ...parties.map((one) => one ?? null), untilMs)
      return row && toTicket(row)
    },
    async findRenewal({ owner, resource, clientId, agentId, handle }, untilMs) {
      const parties = [resource, clientId, agentId, handle].map((one) => one ?? null)
      const row = byHandle.get(owner, ...parties, untilMs)
      return row && toTicket(row)
    },
    countOpen: async (owner) => count.get(owner, now())?.count ?? 0,
    bindBrowser: (id, browser) => commit.statement(() => bind.run(sha256(browser), id, now()) > 0),
    isBrowser: async (id, browser) => bound.get(id, sha256(browser)) !== undefined,
    attempt: (id, maxAttempts) => commit.statement(() => attempt.run(id, now(), maxAttempts) > 0),
    setHandle: (id, from, handle) =>
      commit.statement(() => name.run(handle, id, now(), from ?? null) > 0),
    finish: (id, handle, from = handle) =>
      commit.statement(() => finish.run(now(), handle, id, now(), from) > 0),
  }
}

const toTicket = (row: ConnectTicketRow): ConnectTicket => ({
  id: row.id,
  owner: row.owner,
  provider: row.provider ?? undefined,
  name: row.name ?? undefined,
  label: row.label ?? undefined,
  policy: row.policy === null ? undefined : (parseJson(row.policy) as JsonObject),
  resource: row.resource ?? undefined,
  clientId: row.client_id ?? undefined,
  agentId: row.agent_id ?? undefined,
  interaction: row.interaction ?? undefined,
  grantId: row.grant_id ?? undefined,
  handle: row.handle ?? undefined,
  isRenewal: row.is_renewal === 1,
  createdAtMs: row.created_at_ms,
  usableUntilMs: row.usable_until_ms,
  connectedAtMs: row.connected_at_ms ?? undefined,
})

function sha256(text: string): Uint8Array {
  return hash('sha256', text, 'buffer')
}
