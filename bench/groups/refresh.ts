import type { Storage } from '@holdfast/storage'
import Provider from 'oidc-provider'
import { startOurServer } from '../lib/authorization-server.ts'
import type { GroupSetup } from '../lib/group.ts'
import { inParallel } from '../lib/measure.ts'
import { startServer } from '../lib/server-process.ts'
import { type DpopKey, generateDpopKey, tokenLoad } from '../lib/token-load.ts'
import { bench, seedBench } from './token.ts'

const bareName = 'bare oidc-provider, unbounded Map'
const oursName = 'holdfast, SQLite, on disk before the answer'
const chains = 16

/** A rotating refresh with DPoP: chains of refresh tokens that are each used once. */
export const refreshGroup: GroupSetup = async ({ quick }) => {
  const count = quick ? 400 : 1200
  const key = await generateDpopKey()
  const barePort = 24_812
  const bare = await startServer('bare-provider', {
    port: barePort,
    ...bench,
    map: true,
    refreshFor: Array.from({ length: chains }, () => key.jkt),
  })
  let seeded: readonly string[] = []
  const ours = await startOurServer(async (storage, issuer) => {
    await seedBench(storage, ['authorization_code', 'refresh_token'])
    seeded = await seedRefreshTokens(storage, issuer, key)
  })
  const variants = [
    load(bareName, count, bare.pid, `http://127.0.0.1:${barePort}`, '/token', key, [
      ...(bare.ready['refreshTokens'] as string[]),
    ]),
    load(oursName, count, ours.pid, ours.issuer, '/oauth2/token', key, [...seeded]),
  ]
  return {
    name: 'refresh',
    about: `rotating refresh with DPoP proof, ${chains} chains at once; ours survives a power cut`,
    variants,
    ratios: (by) => ({
      G2: by(oursName).microsecondsPerOperation / by(bareName).microsecondsPerOperation,
    }),
    close: async () => {
      await Promise.all(variants.map(({ pool }) => pool.close()))
      await Promise.all([bare.stop(), ours.stop()])
    },
  }
}

/** Makes grants and refresh tokens as the library itself writes them, through our adapter. */
export async function seedRefreshTokens(
  storage: Storage,
  issuer: string,
  key: DpopKey,
): Promise<readonly string[]> {
  const user = await storage.users.create({
    email: 'bench@example.com',
    passwordHash: 'not used',
    role: 'member',
  })
  const provider = new Provider(issuer, {
    adapter: (name: string) => storage.oidcAdapter(name),
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    // Without its own the library prints a notice to stdout, where a JSON report may go.
    ttl: { Grant: 3600, RefreshToken: 3600 },
  })
  const client = await provider.Client.find(bench.clientId)
  if (!client) throw new Error('the bench client is missing')
  const tokens: string[] = []
  for (let i = 0; i < chains; i += 1) {
    const grant = new provider.Grant({ accountId: user.id, clientId: bench.clientId })
    grant.addResourceScope(bench.resource, 'read')
    const grantId = await grant.save()
    await storage.grants.put({
      grantId,
      userId: user.id,
      clientId: bench.clientId,
      resource: bench.resource,
      scopes: ['read'],
      connections: {},
    })
    const token = new provider.RefreshToken({
      accountId: user.id,
      client,
      grantId,
      gty: 'authorization_code',
      scope: 'read',
      resource: bench.resource,
      jkt: key.jkt,
    })
    tokens.push(await token.save())
  }
  return tokens
}

function load(
  name: string,
  count: number,
  pid: number,
  origin: string,
  path: string,
  key: DpopKey,
  tokens: string[],
): ReturnType<typeof tokenLoad> {
  return tokenLoad(
    { name, count, concurrency: chains, pid, origin, path, key, client: bench },
    async (n, send) => {
      const perChain = Math.floor(n / chains)
      await inParallel(chains, chains, async (chain) => {
        for (let i = 0; i < perChain; i += 1) {
          const form = { grant_type: 'refresh_token', refresh_token: tokens[chain] ?? '' }
          const answer = await send(chain * perChain + i, form)
          if (!answer.refresh_token || answer.refresh_token === tokens[chain]) {
            throw new Error('the refresh token was not rotated')
          }
          tokens[chain] = answer.refresh_token
        }
      })
    },
  )
}
