import { createRequire } from 'node:module'
import {
  createPostgresReplayStore,
  createRedisReplayStore,
  postgresReplaySchema,
  type PostgresClient,
  type RedisClient,
} from '../../src/replay.ts'
import type { StoreDriver } from './store-driver.ts'
import { postgresClient } from './postgres-client.ts'
import { redisClient } from './redis-client.ts'

// `npm run test:stores` installs the drivers that people use, and says where.
const folder = process.env['HOLDFAST_TEST_DRIVERS']
const installed = folder === undefined ? undefined : createRequire(`${folder}/package.json`)

const own: readonly StoreDriver[] = [
  redisDriver('a minimal client for Redis', (port) => {
    const client = redisClient(port)
    return { client, close: () => client[Symbol.dispose]() }
  }),
  postgresDriver('a minimal client for PostgreSQL', (port, login) => {
    const client = postgresClient(port, login)
    return { client, close: () => client[Symbol.dispose]() }
  }),
]

interface Opened<Client> {
  readonly client: Client
  readonly close: () => unknown
}

type Emitter = { readonly on: (event: 'error', listener: () => void) => unknown }

function redisDriver(
  name: string,
  open: (port: number) => Opened<RedisClient> | Promise<Opened<RedisClient>>,
): StoreDriver {
  return {
    name,
    server: 'redis',
    open: async (port, _login, options) => {
      const { client, close } = await open(port)
      return {
        store: createRedisReplayStore(client, options),
        prepare: () => Promise.resolve(),
        raw: (command) => client.sendCommand([...command]),
        close,
      }
    },
  }
}

function postgresDriver(
  name: string,
  open: (port: number, login: Parameters<StoreDriver['open']>[1]) => Opened<PostgresClient>,
): StoreDriver {
  return {
    name,
    server: 'postgres',
    open: async (port, login, options) => {
      const { client, close } = open(port, login)
      return {
        store: createPostgresReplayStore(client, options),
        prepare: async () => void (await client.query(postgresReplaySchema)),
        raw: async ([sql = '']) => (await client.query(sql)).rows[0],
        close,
      }
    },
  }
}

function nodeRedis(load: NodeJS.Require): StoreDriver {
  type Client = RedisClient & Emitter & { connect: () => Promise<unknown>; destroy: () => void }
  const { createClient } = load('redis') as { createClient: (options: object) => Client }
  return redisDriver('node-redis', async (port) => {
    const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 50 } })
    client.on('error', () => undefined)
    await client.connect()
    return { client, close: () => client.destroy() }
  })
}

function ioredis(load: NodeJS.Require): StoreDriver {
  type Client = Emitter & {
    call: (name: string, ...rest: string[]) => Promise<unknown>
    disconnect: () => void
  }
  const { Redis } = load('ioredis') as { Redis: new (options: object) => Client }
  return redisDriver('ioredis', (port) => {
    const redis = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50 })
    redis.on('error', () => undefined)
    return {
      client: { sendCommand: ([name = '', ...rest]) => redis.call(name, ...rest) },
      close: () => redis.disconnect(),
    }
  })
}

function pg(load: NodeJS.Require): StoreDriver {
  type Pool = PostgresClient & Emitter & { end: () => Promise<void> }
  const { Pool } = load('pg') as { Pool: new (options: object) => Pool }
  return postgresDriver('pg', (port, login) => {
    const pool = new Pool({ host: '127.0.0.1', port, ...login })
    pool.on('error', () => undefined)
    return { client: pool, close: () => pool.end() }
  })
}

/** The drivers that the stores are tried with. */
export const drivers: readonly StoreDriver[] = [
  ...own,
  ...(installed === undefined ? [] : [nodeRedis(installed), ioredis(installed), pg(installed)]),
]
