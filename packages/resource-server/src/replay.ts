/**
 * Stores of used DPoP proofs. One process needs none of them: the guard has a store in memory. Several
 * processes behind one address share one of the others, or a proof is good once in each.
 *
 * @module
 */
export {
  createMemoryReplayStore,
  type MemoryReplayStoreOptions,
  type ReplayStore,
} from '@holdfast/protocol/token'
export { checkReplayStore } from './replay-check.ts'
export {
  createPostgresReplayStore,
  type PostgresClient,
  type PostgresReplayOptions,
  postgresReplaySchema,
} from './replay-postgres.ts'
export {
  createRedisReplayStore,
  type RedisClient,
  type RedisReplayOptions,
} from './replay-redis.ts'
export { createSqliteReplayStore, type SqliteClient, sqliteReplaySchema } from './replay-sqlite.ts'
export type { SharedReplayOptions } from './replay-fail-closed.ts'
export type { ReplayTableOptions } from './replay-table.ts'
