import type { Backend } from './backend.ts'
import type { Page } from './paging.ts'
import { limitOf } from './rows.ts'
import type { ClientDocumentRow, ClientPinRow } from './schema.ts'

/** What is remembered of a client id metadata document, good or bad. */
export interface CachedDocument {
  /** The URL. */
  readonly clientId: string
  readonly host: string
  /** The last good document, as JSON. */
  readonly document: string | undefined
  readonly etag: string | undefined
  readonly fetchedAtMs: number | undefined
  /** Until then nothing is fetched again. */
  readonly freshUntilMs: number
  /** Why the last attempt failed; undefined after a success. */
  readonly failure: string | undefined
  readonly failedAtMs: number | undefined
}

/** A document that an administrator put in place of what its host says. */
export interface PinnedDocument {
  readonly clientId: string
  readonly host: string
  readonly document: string
  readonly pinnedBy: string
  readonly pinnedAtMs: number
}

/** Client id metadata documents: what was fetched, and what is pinned. */
export interface ClientDocuments {
  find(clientId: string): Promise<CachedDocument | undefined>
  list(page?: Page): Promise<CachedDocument[]>
  /** Remembers a good document. */
  put(
    document: Pick<CachedDocument, 'clientId' | 'host' | 'etag' | 'freshUntilMs'> & {
      readonly document: string
    },
  ): Promise<void>
  /** Remembers a failure beside the last good document, or instead of it when it is to be dropped. */
  fail(
    failed: Pick<CachedDocument, 'clientId' | 'host' | 'freshUntilMs'> & {
      readonly failure: string
      readonly drop: boolean
    },
  ): Promise<void>
  forget(clientId: string): Promise<void>
  findPin(clientId: string): Promise<PinnedDocument | undefined>
  listPins(page?: Page): Promise<PinnedDocument[]>
  pin(pin: Omit<PinnedDocument, 'pinnedAtMs'>): Promise<PinnedDocument>
  /** False when it was not pinned. */
  unpin(clientId: string): Promise<boolean>
}

/** Beyond this the documents that were touched longest ago and serve no grant make room. */
const maxDocuments = 5000

export function createClientDocuments({ db, commit, now }: Backend): ClientDocuments {
  const byId = db.prepare<ClientDocumentRow>('select * from client_documents where client_id = ?')
  const page = db.prepare<ClientDocumentRow>(
    'select * from client_documents where client_id > ? order by client_id limit ?',
  )
  const count = db.prepare<{ n: number }>('select count(*) as n from client_documents')
  const makeRoom = db.prepare(
    `delete from client_documents where client_id in (
       select client_id from client_documents d
       where not exists (select 1 from grants g where g.client_id = d.client_id)
       order by updated_at_ms limit 50)`,
  )
  const put = db.prepare(
    `insert into client_documents (client_id, host, document, etag, fetched_at_ms, fresh_until_ms,
       failure, failed_at_ms, updated_at_ms) values (?, ?, ?, ?, ?, ?, null, null, ?)
     on conflict do update set document = excluded.document, etag = excluded.etag,
       fetched_at_ms = excluded.fetched_at_ms, fresh_until_ms = excluded.fresh_until_ms,
       failure = null, failed_at_ms = null, updated_at_ms = excluded.updated_at_ms`,
  )
  const fail = db.prepare(
    `insert into client_documents (client_id, host, fresh_until_ms, failure, failed_at_ms,
       updated_at_ms) values (?, ?, ?, ?, ?, ?)
     on conflict do update set fresh_until_ms = excluded.fresh_until_ms, failure = excluded.failure,
       failed_at_ms = excluded.failed_at_ms, updated_at_ms = excluded.updated_at_ms`,
  )
  const drop = db.prepare(
    'update client_documents set document = null, etag = null, fetched_at_ms = null where client_id = ?',
  )
  const forget = db.prepare('delete from client_documents where client_id = ?')
  const pinById = db.prepare<ClientPinRow>('select * from client_pins where client_id = ?')
  const pins = db.prepare<ClientPinRow>(
    'select * from client_pins where client_id > ? order by client_id limit ?',
  )
  const pin = db.prepare<ClientPinRow>(
    `insert into client_pins (client_id, host, document, pinned_by, pinned_at_ms) values (?, ?, ?, ?, ?)
     on conflict do update set document = excluded.document, pinned_by = excluded.pinned_by,
       pinned_at_ms = excluded.pinned_at_ms
     returning *`,
  )
  const unpin = db.prepare('delete from client_pins where client_id = ?')
  const keepWithinBounds = (): void => {
    if (count.get()!.n >= maxDocuments) makeRoom.run()
  }

  return {
    async find(clientId) {
      const row = byId.get(clientId)
      return row === undefined ? undefined : toDocument(row)
    },
    async list(wanted) {
      return page.all(wanted?.after ?? '', limitOf(wanted)).map(toDocument)
    },
    put: ({ clientId, host, document, etag, freshUntilMs }) =>
      commit.transaction(() => {
        keepWithinBounds()
        put.run(clientId, host, document, etag ?? null, now(), freshUntilMs, now())
      }),
    fail: ({ clientId, host, freshUntilMs, failure, drop: dropped }) =>
      commit.transaction(() => {
        keepWithinBounds()
        fail.run(clientId, host, freshUntilMs, failure, now(), now())
        if (dropped) drop.run(clientId)
      }),
    forget: async (clientId) => {
      await commit.statement(() => forget.run(clientId))
    },
    async findPin(clientId) {
      const row = pinById.get(clientId)
      return row === undefined ? undefined : toPin(row)
    },
    async listPins(wanted) {
      return pins.all(wanted?.after ?? '', limitOf(wanted)).map(toPin)
    },
    pin: ({ clientId, host, document, pinnedBy }) =>
      commit.statement(() => toPin(pin.get(clientId, host, document, pinnedBy, now())!)),
    unpin: (clientId) => commit.statement(() => unpin.run(clientId) > 0),
  }
}

const toDocument = (row: ClientDocumentRow): CachedDocument => ({
  clientId: row.client_id,
  host: row.host,
  document: row.document ?? undefined,
  etag: row.etag ?? undefined,
  fetchedAtMs: row.fetched_at_ms ?? undefined,
  freshUntilMs: row.fresh_until_ms,
  failure: row.failure ?? undefined,
  failedAtMs: row.failed_at_ms ?? undefined,
})

const toPin = (row: ClientPinRow): PinnedDocument => ({
  clientId: row.client_id,
  host: row.host,
  document: row.document,
  pinnedBy: row.pinned_by,
  pinnedAtMs: row.pinned_at_ms,
})
