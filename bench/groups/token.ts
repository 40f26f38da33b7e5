import type { Storage } from '@holdfast/storage'
import { startOurServer } from '../lib/authorization-server.ts'
import type { GroupSetup } from '../lib/group.ts'
import { inParallel } from '../lib/measure.ts'
import { startServer } from '../lib/server-process.ts'
import { type DpopKey, generateDpopKey, tokenLoad } from '../lib/token-load.ts'

const bareName = 'bare oidc-provider, its memory adapter'
const oursName = 'holdfast, SQLite, stored client'
const concurrency = 16

/** The resource and the confidential client of the token benchmarks. */
export const bench = {
  resource: 'http://127.0.0.1:24801/mcp',
  clientId: 'cli_bench',
  clientSecret: 'c2VjcmV0LW9mLXRoZS1iZW5jaC1jbGllbnQ',
} as const

/** Registers what {@link bench} names, and the resource's own client where it has one. */
export async function seedBench(
  storage: Storage,
  grantTypes: readonly string[],
  own?: { readonly id: string; readonly secret: string },
): Promise<void> {
  if (own) {
    await storage.clients.create({
      clientId: own.id,
      source: 'manual',
      secret: own.secret,
      metadata: {
        client_name: 'Bench resource',
        token_endpoint_auth_method: 'client_secret_basic',
      },
    })
  }
  await storage.resources.create({
    resource: bench.resource,
    displayName: 'Bench',
    scopes: [{ name: 'read', description: 'Read' }],
    dpop: 'required',
    clientId: own?.id,
  })
  const interactive = grantTypes.includes('authorization_code')
  await storage.clients.create({
    clientId: bench.clientId,
    source: 'manual',
    secret: bench.clientSecret,
    metadata: {
      client_name: 'Bench',
      application_type: 'native',
      redirect_uris: interactive ? ['http://127.0.0.1/callback'] : [],
      grant_types: [...grantTypes],
      response_types: interactive ? ['code'] : [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  })
}

/** Client credentials with DPoP and a resource: our server against the bare library. */
export const tokenGroup: GroupSetup = async ({ quick }) => {
  const count = quick ? 500 : 1500
  const key = await generateDpopKey()
  const barePort = 24_811
  const bare = await startServer('bare-provider', {
    port: barePort,
    ...bench,
    map: false,
    refreshFor: [],
  })
  const ours = await startOurServer((storage) => seedBench(storage, ['client_credentials']))
  const variants = [
    load(bareName, count, bare.pid, `http://127.0.0.1:${barePort}`, '/token', key),
    load(oursName, count, ours.pid, ours.issuer, '/oauth2/token', key),
  ]
  return {
    name: 'token',
    about: `client_credentials with DPoP proof and resource, ${concurrency} at once; the bare library keeps nothing`,
    variants,
    ratios: (by) => ({
      G1: by(bareName).microsecondsPerOperation / by(oursName).microsecondsPerOperation,
    }),
    close: async () => {
      await Promise.all(variants.map(({ pool }) => pool.close()))
      await Promise.all([bare.stop(), ours.stop()])
    },
  }
}

function load(
  name: string,
  count: number,
  pid: number,
  origin: string,
  path: string,
  key: DpopKey,
): ReturnType<typeof tokenLoad> {
  const form = { grant_type: 'client_credentials', resource: bench.resource, scope: 'read' }
  return tokenLoad({ name, count, concurrency, pid, origin, path, key, client: bench }, (n, send) =>
    inParallel(n, concurrency, async (index) => {
      await send(index, form)
    }),
  )
}
