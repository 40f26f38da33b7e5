import { grown } from '../lib/fill-database.ts'
import { type GrownDatabase, growDatabase } from '../lib/grown-database.ts'
import type { GroupSetup } from '../lib/group.ts'
import { inParallel, type Variant } from '../lib/measure.ts'

/** A little more than the caches of rows hold, so that reading one after the other never finds one there. */
const few = 1200
const concurrency = 16
const resource = 'https://bench.example/mcp'
const policy = { methods: ['GET'], paths: ['/user'], resources: [resource] }

interface Operation {
  readonly name: string
  readonly count: number
  /** Pages of a large file are mapped by their first use: a server that has run for a while has them. */
  readonly warmUpCount?: number
  /** Runs the operation; `turn` is higher with every call. */
  readonly run: (db: GrownDatabase, turn: number) => Promise<void>
}

/** The rows in an order in which neighbours are far apart, each once before the first comes again. */
const rowOf = ({ rows }: GrownDatabase, turn: number): number => 1 + ((turn * 7_368_787) % rows)

const mustBeThere = (found: unknown): void => {
  if (found === undefined) throw new Error('a row is missing')
}

const readHandle: Operation = {
  name: 'read a connection by its handle',
  count: 20_000,
  warmUpCount: 100_000,
  run: async (db, turn) => {
    const { record } = (await db.storage.connections.find(grown.handle(rowOf(db, turn)))) ?? {}
    mustBeThere(record)
  },
}

const createConnection: Operation = {
  name: 'reserve a connection, with its audit record',
  count: 800,
  run: async ({ storage }, turn) => {
    const handle = `ddls:conn:01K${String(turn).padStart(23, '0')}-bench-api`
    const owner = grown.owner(turn)
    await Promise.all([
      storage.connections.reserve({
        handle,
        owner,
        provider: 'bench-api',
        baseUrl: 'https://api.bench.example',
        allowedHosts: ['api.bench.example:443'],
        policy,
        upload: { nonce: `nonce-${turn}`, expiresAtMs: Date.now() + 600_000 },
      }),
      storage.audit.append({
        type: 'connection.reserved',
        outcome: 'success',
        actor: owner,
        connection: handle,
        detail: { provider: 'bench-api' },
      }),
    ])
  },
}

/** What a rotating refresh reads and writes, in its order. */
const refresh: Operation = {
  name: 'rows of a rotating refresh, with its audit record',
  count: 1600,
  run: async ({ storage, refreshTokens }, turn) => {
    const chain = turn % refreshTokens.length
    const generation = Math.floor(turn / refreshTokens.length)
    const name = (number: number): string =>
      number === 0 ? (refreshTokens[chain] ?? '') : `${refreshTokens[chain]}-${number}`
    const tokens = storage.oidcAdapter('RefreshToken')
    const token = await tokens.find(name(generation))
    if (!token) throw new Error('a refresh token is missing')
    const grantId = String(token['grantId'])
    mustBeThere(await storage.oidcAdapter('Client').find(String(token['clientId'])))
    mustBeThere(await storage.oidcAdapter('Grant').find(grantId))
    await tokens.consume(name(generation))
    await Promise.all([
      tokens.upsert(name(generation + 1), { ...token, jti: name(generation + 1) }, 100_000),
      storage.audit.append({
        type: 'token.issued',
        outcome: 'success',
        actor: String(token['accountId']),
        client: String(token['clientId']),
        resource,
        grant: grantId,
        detail: { grant_type: 'refresh_token', proof: true },
      }),
    ])
    mustBeThere(await storage.grants.find(grantId))
  },
}

/** What a dispatch through a connection reads and writes that was not used for a while; the whole is `growth-dispatch`. */
const dispatch: Operation = {
  name: 'rows of a dispatch, with its audit record',
  count: 3000,
  run: async (db, turn) => {
    const { storage } = db
    const row = rowOf(db, turn)
    await storage.denials.epoch()
    mustBeThere(await storage.connections.find(grown.handle(row)))
    await storage.audit.append({
      type: 'dispatch',
      outcome: 'success',
      actor: grown.owner(row),
      client: grown.client(row),
      resource,
      connection: grown.handle(row),
      grant: grown.grant(row),
      detail: { host: 'api.bench.example', method: 'GET', ms: 3, path: '/user', status: 200 },
    })
  },
}

const findClient: Operation = {
  name: 'find a client',
  count: 20_000,
  warmUpCount: 100_000,
  run: async (db, turn) => {
    mustBeThere(await db.storage.oidcAdapter('Client').find(grown.client(rowOf(db, turn))))
  },
}

const findGrant: Operation = {
  name: 'find a grant',
  count: 20_000,
  warmUpCount: 100_000,
  run: async (db, turn) => {
    mustBeThere(await db.storage.grants.find(grown.grant(rowOf(db, turn))))
  },
}

const listGrants: Operation = {
  name: "list a user's grants",
  count: 1000,
  run: async (db, turn) => {
    const found = await db.storage.grants.list({ userId: grown.owner(rowOf(db, turn)), limit: 10 })
    mustBeThere(found[0])
  },
}

const sweep: Operation = {
  name: 'delete 50 expired rows',
  count: 8,
  run: async ({ storage }) => {
    if ((await storage.sweepExpired(50)) !== 50) throw new Error('too little has expired')
  },
}

const operations = [
  ...[readHandle, createConnection, refresh, dispatch],
  ...[findClient, findGrant, listGrants, sweep],
]

const nameOf = ({ name }: Operation, rows: number): string =>
  `${name}, ${rows < 10_000 ? '1k' : rows < 1_000_000 ? '100k' : '1M'} rows`

/** What a database costs that has a million of everything. */
export const growthGroup: GroupSetup = async ({ quick, progress }) => {
  const many = quick ? 100_000 : 1_000_000
  const databases: GrownDatabase[] = []
  const close = async (): Promise<void> => {
    await Promise.all(databases.map((db) => db.close()))
  }
  try {
    for (const rows of [few, many]) databases.push(await growDatabase(rows, progress))
  } catch (error) {
    await close()
    throw error
  }
  return {
    name: 'growth',
    about: `each table with a thousand rows and with ${many === 1_000_000 ? 'a million' : '100 thousand'}, ${concurrency} operations at once, rows not in memory of ours`,
    variants: operations.flatMap((operation) => databases.map((db) => variant(operation, db))),
    ratios: (by) => {
      const growth = (operation: Operation): number =>
        by(nameOf(operation, many)).microsecondsPerOperation /
        by(nameOf(operation, few)).microsecondsPerOperation
      return {
        G12a: growth(readHandle),
        G12b: growth(createConnection),
        G12c: growth(refresh),
      }
    },
    close,
  }
}

function variant(operation: Operation, db: GrownDatabase): Variant {
  let turn = 0
  return {
    name: nameOf(operation, db.rows),
    count: operation.count,
    ...(operation.warmUpCount === undefined ? {} : { warmUpCount: operation.warmUpCount }),
    run: async (count) => {
      const first = turn
      turn += count
      await inParallel(count, concurrency, (i) => operation.run(db, first + i))
    },
  }
}
