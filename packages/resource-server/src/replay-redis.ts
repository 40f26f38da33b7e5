import type { ReplayStore } from '@holdfast/protocol/token'
import { failClosed, type SharedReplayOptions } from './replay-fail-closed.ts'
import { storedId } from './replay-table.ts'

/**
 * The part of `node-redis` that is used. For `ioredis`:
 * `{ sendCommand: ([name, ...rest]) => redis.call(name, ...rest) }`.
 */
export interface RedisClient {
  readonly sendCommand: (command: string[]) => Promise<unknown>
}

/** Options of {@link createRedisReplayStore}. */
export interface RedisReplayOptions extends SharedReplayOptions {
  /** What the keys begin with. Default `holdfast:proof:`. */
  readonly prefix?: string
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}

// Longer than any clock difference between two processes that share a server.
const graceMs = 60_000

/**
 * Used proofs in Redis or Valkey, one key each. The server must run with `maxmemory-policy noeviction`:
 * any other policy forgets proofs that are still good. A full server refuses, and so do we then. Use one
 * primary: replicas are behind, and a failover may forget the last proofs.
 *
 * @throws TokenError from `use`: `temporarily_unavailable` when the server is away or silent
 */
export function createRedisReplayStore(
  client: RedisClient,
  options: RedisReplayOptions = {},
): ReplayStore {
  const { prefix = 'holdfast:proof:', now = Date.now } = options
  const store: ReplayStore = {
    use: async (id, expiresAtMs) => {
      const lifetimeMs = Math.max(1, Math.ceil(expiresAtMs - now())) + graceMs
      const command = ['SET', `${prefix}${storedId(id)}`, '1', 'PX', String(lifetimeMs), 'NX']
      const answer = await client.sendCommand(command)
      // Some clients are set to give bytes.
      const text = answer instanceof Uint8Array ? new TextDecoder().decode(answer) : answer
      return text === 'OK'
    },
  }
  return failClosed(store, options)
}
