/**
 * `npm run test:soak`: does the memory of any process grow with the work that it has done? Real processes,
 * dispatches to a TLS upstream and token exchanges at the same time, every answer checked.
 *
 *   npm run test:soak                               200,000 dispatches and 100,000 tokens
 *   npm run test:soak -- --short                    20,000 and 10,000
 *   npm run test:soak -- --dispatches N --tokens N  as many as you like
 *   npm run test:soak -- --json                     the report as JSON on stdout
 *
 * All after a warm-up of 20,000 and 10,000. Exits with 1 when a process holds in the last tenth more than 1.3
 * times what it held in the first.
 */
import { createDpopProof, generateDpopKey } from '@holdfast/protocol/token'
import { hash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { startUpstream } from './lib/bench-upstream.ts'
import { type BoundToken, type DispatchStack, startDispatchStack } from './lib/dispatch-stack.ts'
import { inParallel } from './lib/measure.ts'
import { watchMemory } from './lib/resident-memory.ts'
import { exchangeToken, Pool } from './lib/token-load.ts'

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    dispatches: { type: 'string' },
    tokens: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const allowedGrowth = 1.3
const stages = 10
/** After so much the heaps have reached their working size, and what remembers proofs is full. */
const warmUp = { dispatches: 20_000, tokens: 10_000 }
const work = {
  dispatches: Number(options.dispatches ?? (options.short ? 20_000 : 200_000)),
  tokens: Number(options.tokens ?? (options.short ? 10_000 : 100_000)),
}
const say = (line: string): void => void process.stderr.write(`${line}\n`)

const sha256 = (text: string): string => hash('sha256', text, 'base64url')

async function run(): Promise<boolean> {
  const upstream = await startUpstream()
  const started = await startDispatchStack(upstream)
  try {
    return await soak(started)
  } finally {
    await started.stack.stop()
    await upstream.stop()
  }
}

async function soak(started: DispatchStack): Promise<boolean> {
  const pool = new Pool(started.stack.issuer, { connections: 16 })
  const memory = await watchMemory(started.stack)
  const stage = async ({ dispatches, tokens }: typeof work) => {
    memory.take()
    await Promise.all([
      inParallel(dispatches, 8, (index) =>
        dispatch(pool, started, index % 2 === 0 ? started.direct : started.exchanged),
      ),
      inParallel(tokens, 4, () => exchange(pool, started)),
    ])
    return memory.take()
  }
  try {
    say(`${work.dispatches} dispatches and ${work.tokens} token exchanges, after a warm-up`)
    await stage(warmUp)
    const part = {
      dispatches: Math.ceil(work.dispatches / stages),
      tokens: Math.ceil(work.tokens / stages),
    }
    const held: ReadonlyMap<string, number>[] = []
    for (let at = 1; at <= stages; at += 1) {
      held.push(await stage(part))
      say(`${at * 10} %: ${describe(held.at(-1)!)}`)
    }
    return report(held)
  } finally {
    memory.stop()
    await pool.close()
  }
}

async function dispatch(
  pool: Pool,
  { stack, handle }: DispatchStack,
  { token, key }: BoundToken,
): Promise<void> {
  const url = `${stack.issuer}/dispatch`
  const dpop = await createDpopProof({ key, method: 'POST', url, accessToken: token, sha256 })
  const answer = await pool.request({
    method: 'POST',
    path: '/dispatch',
    headers: { 'content-type': 'application/json', authorization: `DPoP ${token}`, dpop },
    body: JSON.stringify({ connection_handle: handle, request: { method: 'GET', path: '/user' } }),
  })
  const reply = (await answer.body.json()) as { success?: boolean }
  if (reply.success !== true) throw new Error(`a dispatch failed: ${JSON.stringify(reply)}`)
}

const serverKey = await generateDpopKey()

const exchange = async (pool: Pool, { stack, server }: DispatchStack): Promise<void> => {
  await exchangeToken(pool, stack.issuer, { ...server, key: serverKey })
}

function report(held: readonly ReadonlyMap<string, number>[]): boolean {
  const [first, last] = [held.at(0)!, held.at(-1)!]
  const rows = [...first].map(([process, before]) => {
    const after = last.get(process) ?? Number.NaN
    const growth = round(after / before)
    return { process, before_mb: round(before), after_mb: round(after), growth }
  })
  const holds = rows.every(({ growth }) => growth <= allowedGrowth)
  if (options.json) console.log(JSON.stringify({ ...work, holds, processes: rows }, undefined, 2))
  else console.table(rows)
  return holds
}

const describe = (one: ReadonlyMap<string, number>): string =>
  [...one].map(([name, megabytes]) => `${name} ${megabytes.toFixed(0)} MB`).join(', ')

const round = (value: number): number => Math.round(value * 100) / 100

process.exitCode = (await run()) ? 0 : 1
