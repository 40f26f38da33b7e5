import { createBrowser } from '@holdfast/test/browser'
import { concurrency, type GrantLoad, grantLoad } from '../lib/grant-load.ts'
import {
  authorize,
  bareCodes,
  introspect,
  redeemCode,
  type Side,
  userTokens,
} from '../lib/grant-sides.ts'
import type { WantedSources } from '../lib/grant-sources.ts'
import {
  agent,
  assertWorkload,
  clients,
  grantTypes,
  own,
  proveJob,
  resource,
  startGrantsServer,
  workload,
} from '../lib/grants-server.ts'
import type { GroupSetup } from '../lib/group.ts'
import type { Variant } from '../lib/measure.ts'
import { startServer } from '../lib/server-process.ts'
import { generateDpopKey, Pool } from '../lib/token-load.ts'

const port = 24_813

/** Every grant but those of the groups `token` and `refresh`, the authorization before it, and introspection. */
export const grantsGroup: GroupSetup = async ({ quick }) => {
  const count = quick ? 160 : 480
  const key = await generateDpopKey()
  const bare = await startServer('bare-grants', { port, resource, clients })
  const ours = await startGrantsServer()
  const pools: Pool[] = []
  const poolOf = (origin: string): Pool => {
    const pool = new Pool(origin, { connections: concurrency })
    pools.push(pool)
    return pool
  }
  const bareOrigin = `http://127.0.0.1:${port}`
  const oursPool = poolOf(ours.issuer)
  const barePool = poolOf(bareOrigin)
  const browsers = Array.from({ length: concurrency }, () => createBrowser({ origin: bareOrigin }))
  const close = async (): Promise<void> => {
    await Promise.all([...pools, ...browsers].map((one) => one.close()))
    await Promise.all([bare.stop(), ours.stop()])
  }
  const sides: readonly Side[] = [
    {
      label: 'bare oidc-provider',
      pid: bare.pid,
      origin: bareOrigin,
      tokenPath: '/token',
      authorizationPath: '/auth',
      codes: (kind, n) => bareCodes(barePool, kind, n),
      browsers,
    },
    {
      label: 'holdfast',
      pid: ours.pid,
      origin: ours.issuer,
      tokenPath: '/oauth2/token',
      authorizationPath: '/oauth2/auth',
      codes: ours.codes,
      browsers: ours.browsers,
    },
  ]

  try {
    const load = (side: Side, grant: string, rest: Pick<GrantLoad, 'basic' | 'forms'>): Variant =>
      grantLoad(
        {
          name: `${grant}, ${side.label}`,
          baseline: `${grant}, ${sides[0]!.label}`,
          ...{ count, pid: side.pid, origin: side.origin, path: side.tokenPath, key, ...rest },
        },
        side === sides[0] ? barePool : oursPool,
      )
    const redeem = (
      side: Side,
      grant: string,
      kind: WantedSources['kind'],
      form: (code: string) => Record<string, string>,
    ): Variant =>
      load(side, grant, {
        basic: agent.basic,
        forms: async (n) => (await side.codes(kind, n)).map(form),
      })
    const both = sides.flatMap((side) => [
      authorize(side, sides[0]!, quick ? 32 : 96),
      redeem(side, 'authorization code', 'AuthorizationCode', redeemCode),
      redeem(side, 'device code, allowed', 'DeviceCode', (device_code) => ({
        grant_type: grantTypes.device,
        device_code,
      })),
      load(side, 'client credentials by private_key_jwt', {
        forms: (n) =>
          forms(n, async () => ({
            grant_type: 'client_credentials',
            ...{ resource, scope: 'read' },
            ...(await proveJob(side.origin)),
          })),
      }),
    ])
    const subjects = await userTokens(sides[1]!, oursPool, key)
    const alone: readonly Variant[] = [
      load(sides[1]!, 'token exchange', {
        basic: own.basic,
        forms: (n) =>
          forms(n, async (i) => ({
            grant_type: grantTypes.exchange,
            subject_token: subjects[i % subjects.length] ?? '',
            subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            resource: `${ours.issuer}/dispatch`,
          })),
      }),
      load(sides[1]!, 'jwt bearer, for a user', {
        basic: workload.basic,
        forms: (n) =>
          forms(n, async () => ({
            grant_type: grantTypes.assertion,
            resource,
            assertion: await assertWorkload(ours.issuer),
          })),
      }),
      introspect(ours.pid, oursPool, subjects, count),
    ]
    // By grant, the baseline first.
    const order = both.toSorted((a, b) => rank(a, both) - rank(b, both))
    return {
      name: 'grants',
      about: `the other grants with DPoP proof and resource, ${concurrency} at once; the bare library keeps everything in a Map, and its authorization asks nobody and shows no page`,
      variants: [...order, ...alone.map((one) => ({ ...one, baseline: false as const }))],
      ratios: () => ({}),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Where the variant's baseline stands in the list. */
const rank = ({ baseline }: Variant, all: readonly Variant[]): number =>
  all.findIndex(({ name }) => name === baseline)

const forms = (
  count: number,
  make: (index: number) => Promise<Record<string, string>>,
): Promise<readonly Record<string, string>[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)))
