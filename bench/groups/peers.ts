import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startOurServer } from '../lib/authorization-server.ts'
import type { GroupSetup } from '../lib/group.ts'
import { inParallel } from '../lib/measure.ts'
import { startServer } from '../lib/server-process.ts'
import {
  basic,
  generateDpopKey,
  makeProofs,
  Pool,
  requestToken,
  tokenLoad,
  type TokenLoadOptions,
} from '../lib/token-load.ts'
import { bench, seedBench } from './token.ts'

const peerName = 'better-auth and its OAuth provider, SQLite'
const oursName = 'holdfast, SQLite'
const concurrency = 16
const folder = join(import.meta.dirname, '../peers')
const form = { grant_type: 'client_credentials', resource: bench.resource, scope: 'read' }

/** The request of the token group against another authorization server that knows DPoP. */
export const peersGroup: GroupSetup = async ({ quick }) => {
  installPeers()
  const key = await generateDpopKey()
  const port = 24_815
  const peer = await startServer('peers/better-auth.mjs', { port, resource: bench.resource })
  const ours = await startOurServer((storage) => seedBench(storage, ['client_credentials']))
  const { clientId, clientSecret } = peer.ready as unknown as TokenLoadOptions['client']
  const common = { count: quick ? 300 : 1000, concurrency, key }
  const targets: readonly TokenLoadOptions[] = [
    {
      ...common,
      name: peerName,
      pid: peer.pid,
      origin: `http://127.0.0.1:${port}`,
      path: '/api/auth/oauth2/token',
      client: { clientId, clientSecret },
    },
    {
      ...common,
      name: oursName,
      pid: ours.pid,
      origin: ours.issuer,
      path: '/oauth2/token',
      client: bench,
    },
  ]
  for (const target of targets) await requireReplayCheck(target)
  const variants = targets.map((target) =>
    tokenLoad(target, (n, send) =>
      inParallel(n, concurrency, async (index) => {
        await send(index, form)
      }),
    ),
  )
  return {
    name: 'peers',
    about: `client_credentials with DPoP proof and resource, ${concurrency} at once; the peer keeps no audit log`,
    variants,
    ratios: (by) => ({
      G3: by(peerName).microsecondsPerOperation / by(oursName).microsecondsPerOperation,
    }),
    close: async () => {
      await Promise.all(variants.map(({ pool }) => pool.close()))
      await Promise.all([peer.stop(), ours.stop()])
    },
  }
}

/** The peers are no part of the workspace: who does not ask for them does not download them. */
function installPeers(): void {
  if (existsSync(join(folder, 'node_modules/better-auth'))) return
  const stdio: ['ignore', 'ignore', 'inherit'] = ['ignore', 'ignore', 'inherit']
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: folder, stdio })
}

/** Only servers that do the same work are compared: a proof that was used once must be refused. */
async function requireReplayCheck({ name, origin, path, key, client }: TokenLoadOptions) {
  const pool = new Pool(origin)
  try {
    const [proof = ''] = await makeProofs(key, `${origin}${path}`, 1)
    const authorization = basic(client.clientId, client.clientSecret)
    const send = () => requestToken(pool, path, { basic: authorization, proof, jkt: key.jkt, form })
    await send()
    const again = await send().catch(() => undefined)
    if (again !== undefined) throw new Error(`${name} takes a proof twice`)
  } finally {
    await pool.close()
  }
}
