/**
 * `npm run bench:revocation`: how long a token is still accepted after it was revoked. A real authorization
 * server, a server behind a guard of the SDK, and clients that go on calling it with tokens that are revoked
 * at moments of chance, by token (`jti`) and by grant.
 *
 *   npm run bench:revocation
 *   npm run bench:revocation -- --rounds 10    more tokens for each bound; the default is 4 rounds of 16
 *   npm run bench:revocation -- --json         the report as JSON on stdout
 *
 * Exits with 1 when a request that began later than `maxStaleMs` after the answer to a revocation was let in.
 */
import { createDpopProof, generateDpopKey } from '@holdfast/protocol/token'
import { protectedResource, protectListener } from '@holdfast/resource-server/node'
import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { seedRefreshTokens } from './groups/refresh.ts'
import { bench, seedBench } from './groups/token.ts'
import { type OurServer, startOurServer } from './lib/authorization-server.ts'
import { basic, makeProofs, Pool, requestToken } from './lib/token-load.ts'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '4' }, json: { type: 'boolean', default: false } },
})
/** The first is that of a guard that asks for each request, the second the default. */
const bounds = [0, 1000, 5000]
const pauseMs = 10
const own = { id: 'rs_bench', secret: 'c2VjcmV0LW9mLXRoZS1iZW5jaC1yZXNvdXJjZQ' }
const sha256 = (text: string): string => hash('sha256', text, 'base64url')
const key = await generateDpopKey()

interface Revoked {
  readonly by: 'token' | 'grant'
  /** From the answer to the revocation to the first request that was refused. */
  readonly refusedAfterMs: number
  /** From there to the begin of the last request that was let in; negative when that was before. */
  readonly acceptedUntilMs: number
}

/** A server behind a guard; resolves with the status of one request with a token. */
async function startGuarded(issuer: string, maxStaleMs: number) {
  const guard = protectedResource({
    issuer,
    resource: bench.resource,
    client: own,
    dpop: 'required',
    revocation: { maxStaleMs },
  })
  const server = createServer(protectListener(guard, (_request, response) => void response.end()))
  server.listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    connections: 16,
  })
  return {
    async call(accessToken: string): Promise<number> {
      const dpop = await createDpopProof({
        ...{ key, method: 'GET', url: bench.resource, accessToken, sha256 },
      })
      const headers = { authorization: `DPoP ${accessToken}`, dpop }
      const answer = await pool.request({ method: 'GET', path: '/mcp', headers })
      await answer.body.dump()
      return answer.statusCode
    },
    async close(): Promise<void> {
      await pool.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

type Guarded = Awaited<ReturnType<typeof startGuarded>>

async function revokeOne(
  pool: Pool,
  guarded: Guarded,
  [by, accessToken, refreshToken]: readonly [Revoked['by'], string, string],
  afterMs: number,
): Promise<Revoked> {
  if ((await guarded.call(accessToken)) !== 200) throw new Error('a good token was refused')
  let answeredAt = Number.POSITIVE_INFINITY
  const revoke = async (): Promise<void> => {
    await wait(afterMs)
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/oauth2/revoke',
      headers: {
        authorization: basic(bench.clientId, bench.clientSecret),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ token: by === 'token' ? accessToken : refreshToken }).toString(),
    })
    answeredAt = performance.now()
    await body.dump()
    if (statusCode !== 200) throw new Error(`the revocation was answered with ${statusCode}`)
  }
  const revoked = revoke()
  let acceptedAt = 0
  for (;;) {
    const beganAt = performance.now()
    const status = await guarded.call(accessToken)
    if (status === 200) acceptedAt = beganAt
    else if (status === 401) break
    else throw new Error(`the guarded server answered ${status}`)
    await wait(pauseMs)
  }
  const refusedAt = performance.now()
  await revoked
  return { by, refusedAfterMs: refusedAt - answeredAt, acceptedUntilMs: acceptedAt - answeredAt }
}

async function measureBound(server: OurServer, tokens: string[], maxStaleMs: number) {
  const guarded = await startGuarded(server.issuer, maxStaleMs)
  const pool = new Pool(server.issuer, { connections: 16 })
  const found: Revoked[] = []
  const jobs = tokens.map(async (refreshToken, n) => {
    const [proof = ''] = await makeProofs(key, `${server.issuer}/oauth2/token`, 1)
    const answer = await requestToken(pool, '/oauth2/token', {
      basic: basic(bench.clientId, bench.clientSecret),
      ...{ proof, jkt: key.jkt },
      form: { grant_type: 'refresh_token', refresh_token: refreshToken },
    })
    const by = n % 2 === 0 ? 'token' : 'grant'
    const one = [by, answer.access_token, answer.refresh_token ?? ''] as const
    // At any moment of the life of the guard's copy.
    found.push(await revokeOne(pool, guarded, one, 200 + Math.random() * Math.max(maxStaleMs, 500)))
  })
  await Promise.all(jobs)
  await pool.close()
  await guarded.close()
  return found
}

function describe(values: readonly number[]): Record<string, number> {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number =>
    Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? 0)
  return { least: at(0), median: at(0.5), p90: at(0.9), most: at(1) }
}

const report: Record<string, unknown>[] = []
for (const maxStaleMs of bounds) {
  const found: Revoked[] = []
  for (let round = 0; round < Number(options.rounds); round += 1) {
    let tokens: readonly string[] = []
    const server = await startOurServer(async (storage, issuer) => {
      await seedBench(storage, ['authorization_code', 'refresh_token'], own)
      tokens = await seedRefreshTokens(storage, issuer, key)
    })
    found.push(...(await measureBound(server, [...tokens], maxStaleMs)))
    await server.stop()
  }
  const late = found.filter(({ acceptedUntilMs }) => acceptedUntilMs > maxStaleMs)
  report.push({
    maxStaleMs,
    revoked: found.length,
    late: late.length,
    ...describe(found.map((one) => one.refusedAfterMs)),
  })
}
if (options.json) console.log(JSON.stringify(report))
else {
  console.log('From the answer to a revocation to the first refusal at the resource server, in ms:')
  console.table(report)
}
if (report.some(({ late }) => late !== 0)) process.exitCode = 1
