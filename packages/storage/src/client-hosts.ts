import type { Backend } from './backend.ts'
import { addDenials } from './denials.ts'
import { revokeGrants } from './grant-revocation.ts'
import type { Denial, Page } from './paging.ts'
import { limitOf } from './rows.ts'
import type { ClientHostRow } from './schema.ts'

export type HostDecision = 'waiting' | 'approved' | 'denied'

/** What was decided about a host whose documents name clients. */
export interface ClientHost {
  /** With its port, unless that is 443. */
  readonly host: string
  readonly decision: HostDecision
  /** The client by which it became known. */
  readonly clientId: string | undefined
  readonly firstSeenMs: number
  readonly decidedBy: string | undefined
  readonly decidedAtMs: number | undefined
}

export interface ClientHosts {
  find(host: string): Promise<ClientHost | undefined>
  /** True when it was denied, or its name as a whole: that without a port denies every port. */
  isDenied(host: string): Promise<boolean>
  list(page?: Page & { readonly decision?: HostDecision | undefined }): Promise<ClientHost[]>
  /**
   * Lets an unknown host wait for an administrator; true when it is new. In a full list the one that waits
   * longest makes room, and after thirty days any does: it waits again when it is asked for again.
   */
  wait(host: string, clientId: string): Promise<boolean>
  approve(host: string, decidedBy: string): Promise<ClientHost>
  /** Also revokes what clients of this host were granted, and denies their tokens. */
  deny(host: string, decidedBy: string, denial: Denial): Promise<ClientHost>
  /** Forgets the decision; false when there was none. */
  forget(host: string): Promise<boolean>
}

/** Anyone can make hosts wait, so their number is bounded. */
const maxWaiting = 1000
const waitsMs = 30 * 86_400_000

export function createClientHosts({ db, commit, cipher, now }: Backend): ClientHosts {
  const byHost = db.prepare<ClientHostRow>('select * from client_hosts where host = ?')
  const denied = db.prepare(
    `select 1 from client_hosts where host in (?, ?) and decision = 'denied'`,
  )
  const page = db.prepare<ClientHostRow>(
    `select * from client_hosts where host > ? and decision = coalesce(?, decision)
     order by host limit ?`,
  )
  const wait = db.prepare(
    `insert into client_hosts (host, decision, client_id, first_seen_ms)
     values (?, 'waiting', ?, ?)`,
  )
  const makeRoom = db.prepare(
    `delete from client_hosts where decision = 'waiting' and (first_seen_ms < ? or host in (
       select host from client_hosts where decision = 'waiting'
       order by first_seen_ms desc, host limit -1 offset ${maxWaiting - 1}))`,
  )
  const decide = db.prepare<ClientHostRow>(
    `insert into client_hosts (host, decision, first_seen_ms, decided_by, decided_at_ms)
     values (?, ?, ?, ?, ?)
     on conflict do update set decision = excluded.decision, decided_by = excluded.decided_by,
       decided_at_ms = excluded.decided_at_ms
     returning *`,
  )
  const forget = db.prepare('delete from client_hosts where host = ?')
  const granted = db.prepare<{ client_id: string }>(
    `select distinct client_id from grants
     where revoked_at_ms is null and client_id >= 'https://' and client_id < 'https:0'`,
  )

  return {
    async find(host) {
      const row = byHost.get(host)
      return row === undefined ? undefined : toHost(row)
    },
    isDenied: async (host) => denied.get(host, withoutPort(host)) !== undefined,
    async list(wanted) {
      return page
        .all(wanted?.after ?? '', wanted?.decision ?? null, limitOf(wanted))
        .map((row) => toHost(row))
    },
    wait: (host, clientId) =>
      commit.transaction(() => {
        if (byHost.get(host)) return false
        makeRoom.run(now() - waitsMs)
        wait.run(host, clientId, now())
        return true
      }),
    approve: (host, decidedBy) =>
      commit.statement(() => toHost(decide.get(host, 'approved', now(), decidedBy, now())!)),
    deny: (host, decidedBy, { denyUntilMs }) =>
      commit.transaction(() => {
        const nowMs = now()
        const row = decide.get(host, 'denied', nowMs, decidedBy, nowMs)!
        for (const { client_id: clientId } of granted.all()) {
          const of = URL.parse(clientId)?.host
          if (of === undefined || (of !== host && withoutPort(of) !== host)) continue
          revokeGrants(db, cipher, { clientId }, nowMs)
          addDenials(db, [{ kind: 'client', value: clientId, expiresAtMs: denyUntilMs }])
        }
        return toHost(row)
      }),
    forget: (host) => commit.statement(() => forget.run(host) > 0),
  }
}

const withoutPort = (host: string): string => host.replace(/:\d+$/, '')

const toHost = (row: ClientHostRow): ClientHost => ({
  host: row.host,
  decision: row.decision,
  clientId: row.client_id ?? undefined,
  firstSeenMs: row.first_seen_ms,
  decidedBy: row.decided_by ?? undefined,
  decidedAtMs: row.decided_at_ms ?? undefined,
})
