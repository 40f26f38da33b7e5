/**
 * `npm run test:refresh-race`: the long form of the race in apps/authorization-server/test, with 10,000
 * single-use refresh tokens. `npm run test:refresh-race -- 2000` renews fewer.
 */
import { spawnSync } from 'node:child_process'

const [refreshes = '10000'] = process.argv.slice(2)
const file = 'apps/authorization-server/test/refresh-race.test.ts'
const { status } = spawnSync('vitest', ['run', '--project', 'apps/authorization-server', file], {
  stdio: 'inherit',
  env: { ...process.env, HOLDFAST_TEST_REFRESHES: refreshes },
})
process.exitCode = status ?? 1
