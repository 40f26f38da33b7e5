import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SETUP = 'ip link set lo up && ip address add 93.184.215.14/32 dev lo'
const script = fileURLToPath(new URL('public-network.ts', import.meta.url))

const inNamespace = (command: string, ...args: string[]): ReturnType<typeof spawnSync> =>
  spawnSync('unshare', ['--net', '--map-root-user', 'sh', '-ec', command, 'sh', ...args], {
    encoding: 'utf8',
    timeout: 25_000,
  })

const available = process.platform === 'linux' && inNamespace(SETUP).status === 0

test.skipIf(!available)(
  'a public upstream is reached, and a name that turns private between two calls is not followed',
  () => {
    const run = inNamespace(
      `${SETUP}; exec "$@"`,
      process.execPath,
      '--conditions=@holdfast/source',
      '--no-warnings',
      script,
    )
    expect(run.stderr).toBe('')
    expect(JSON.parse(String(run.stdout))).toEqual({
      echoed: 'hello',
      rebound: 'ERR NON_PUBLIC_ADDRESS\n',
      upstreamConnections: 1,
      internalConnections: 0,
      asked: 4,
    })
  },
)
