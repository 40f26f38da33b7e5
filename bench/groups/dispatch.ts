import { type AuditRecord, encodeAuditRecord, genesisHash } from '@holdfast/protocol/audit'
import { createDpopProof } from '@holdfast/protocol/token'
import { openStorage } from '@holdfast/storage'
import type { Stack } from '@holdfast/test/stack'
import { createAuthority } from '@holdfast/test/tls'
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, Pool, request } from 'undici'
import { type BoundToken, startDispatchStack } from '../lib/dispatch-stack.ts'
import type { GroupSetup } from '../lib/group.ts'
import { inParallel, pairedRatio, type Variant } from '../lib/measure.ts'
import { processTree } from '../lib/process-tree.ts'
import { startServer } from '../lib/server-process.ts'

const bareName = 'bare undici proxy, 16 at once'
const oursName = 'holdfast, user token, 16 at once'
const exchangedName = 'holdfast, exchanged token of an MCP server, 16 at once'
const warmUpCount = 2000
const secret = 'bench-upstream-key'
const authorization = `Bearer ${secret}`
const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** One call by handle through all processes, against a proxy that only forwards. */
export const dispatchGroup: GroupSetup = async ({ quick }) => {
  // Many short rounds: what disturbs one pair of neighbours is no reason to distrust the others.
  const count = quick ? 600 : 400
  const authority = createAuthority()
  const certificate = authority.issue(['localhost'])
  const upstream = await startServer('upstream', {
    cert: certificate.certPem,
    key: certificate.keyPem,
    authorization,
  })
  const upstreamUrl = `https://localhost:${upstream.ready.port}`
  const target = { caPem: authority.caPem, upstream: upstreamUrl, authorization }
  const proxy = await startServer('bare-proxy', target)
  const { stack, handle, direct, exchanged } = await startDispatchStack({
    url: upstreamUrl,
    caPem: authority.caPem,
    secret,
  })
  const report = await stack.report()
  const pids = report.processes.flatMap(({ pid }) => (pid === null ? [] : processTree(pid)))
  const upstreamCount = createUpstreamCount(upstreamUrl, authority.caPem)
  const auditCheck = createAuditCheck(stack)

  const bare = (name: string, n: number, concurrency: number): Variant & Closable =>
    load({
      name,
      count: n,
      concurrency,
      pids: [proxy.pid],
      origin: `http://127.0.0.1:${proxy.ready.port}`,
      handle,
      upstreamCount,
      bound: direct,
      note: 'reads no token or proof; no policy, encryption, audit, or process of its own for the key',
    })
  const ours = (name: string, n: number, concurrency: number, bound: BoundToken) =>
    load({
      name,
      count: n,
      concurrency,
      pids,
      origin: stack.issuer,
      handle,
      upstreamCount,
      bound,
      auditCheck,
    })
  const few = Math.round(count / 5)
  const variants = [
    bare(bareName, count, 16),
    ours(oursName, count, 16, direct),
    ours(exchangedName, count, 16, exchanged),
    bare('bare undici proxy, one at a time', few, 1),
    ours('holdfast, user token, one at a time', few, 1, direct),
  ]
  return {
    name: 'dispatch',
    about: `POST /dispatch to a TLS upstream on loopback, new DPoP proof each time, audit on disk before the answer; CPU of all three processes; isolation ${report.isolation?.level ?? 'none'}`,
    variants,
    ...(quick ? {} : { rounds: 20 }),
    ratios: (by) => ({
      G8: pairedRatio(by(oursName).rates, by(bareName).rates),
      G9: pairedRatio(by(oursName).rounds, by(bareName).rounds),
    }),
    close: async () => {
      await Promise.all(variants.map(({ close }) => close()))
      await stack.stop()
      await Promise.all([proxy.stop(), upstream.stop()])
    },
  }
}

interface Closable {
  close(): Promise<void>
}

interface Load {
  readonly name: string
  readonly count: number
  readonly concurrency: number
  readonly pids: readonly number[]
  readonly origin: string
  readonly handle: string
  readonly upstreamCount: () => Promise<number>
  readonly note?: string
  /** The caller's token; the proxy is sent the same request, and does not look at it. */
  readonly bound: BoundToken
  /** Checks that so many dispatches were recorded since the last check; absent for the proxy. */
  readonly auditCheck?: (expected: number) => Promise<void>
}

/** Calls that are checked one by one, and together after each run. */
function load(options: Load): Variant & Closable {
  const { origin, bound, concurrency, upstreamCount } = options
  const pool = new Pool(origin, { connections: concurrency })
  const body = JSON.stringify({
    connection_handle: options.handle,
    request: { method: 'GET', path: '/user' },
  })
  const latenciesMs: number[] = []
  let headers: readonly Record<string, string>[] = []
  let seenBefore = 0

  const call = (index: number) =>
    pool.request({ method: 'POST', path: '/dispatch', headers: headers[index] ?? {}, body })

  return {
    name: options.name,
    count: options.count,
    ...(concurrency > 1 && { warmUpCount }),
    pids: options.pids,
    latenciesMs,
    ...(options.note === undefined ? {} : { note: options.note }),
    prepare: async (n) => {
      headers = await makeHeaders(`${origin}/dispatch`, bound, n)
      seenBefore = await upstreamCount()
      // What other variants recorded is not ours to count.
      await options.auditCheck?.(0)
    },
    run: (n) =>
      inParallel(n, concurrency, async (index) => {
        const start = performance.now()
        const answer = await call(index)
        const reply = (await answer.body.json()) as DispatchReply
        latenciesMs.push(performance.now() - start)
        if (answer.statusCode !== 200 || !reply.success || reply.response?.body?.login !== 'ada') {
          throw new Error(`a dispatch was answered ${answer.statusCode}: ${JSON.stringify(reply)}`)
        }
      }),
    verify: async (n) => {
      const seen = (await upstreamCount()) - seenBefore
      if (seen !== n) throw new Error(`the upstream saw ${seen} calls with the key, not ${n}`)
      if (!options.auditCheck) return
      await options.auditCheck(n)
      await requireReplayRefused(await call(0))
    },
    close: () => pool.close(),
  }
}

interface DispatchReply {
  readonly success?: boolean
  readonly response?: { readonly body?: { readonly login?: string } }
}

/** Without its refusal of a used proof a server does less work: its figures are then void. */
async function requireReplayRefused(answer: Awaited<ReturnType<typeof request>>): Promise<void> {
  await answer.body.dump()
  if (answer.statusCode !== 401) {
    throw new Error(`a replayed proof was answered ${answer.statusCode}`)
  }
}

async function makeHeaders(
  url: string,
  { token: accessToken, key }: BoundToken,
  count: number,
): Promise<readonly Record<string, string>[]> {
  const all: Record<string, string>[] = []
  for (let i = 0; i < count; i += 1) {
    const dpop = await createDpopProof({ key, method: 'POST', url, accessToken, sha256 })
    all.push({ 'content-type': 'application/json', authorization: `DPoP ${accessToken}`, dpop })
  }
  return all
}

/** Reads how many calls came with the right key exactly once; throws when any came without. */
function createUpstreamCount(url: string, ca: string): () => Promise<number> {
  const dispatcher = new Agent({ connect: { ca } })
  return async () => {
    const answer = await request(`${url}/counts`, { dispatcher })
    const counts = (await answer.body.json()) as { accepted: number; refused: number }
    if (counts.refused > 0) throw new Error(`${counts.refused} calls arrived without the key`)
    return counts.accepted
  }
}

/** Follows the audit log in the server's database and verifies its chain, each record once. */
function createAuditCheck(stack: Stack): (expected: number) => Promise<void> {
  let last = { seq: 0, hash: genesisHash }
  const follow = (record: AuditRecord): void => {
    const isNext = record.seq === last.seq + 1 && record.prev_hash === last.hash
    if (!isNext || hash('sha256', encodeAuditRecord(record)) !== record.hash) {
      throw new Error(`the audit chain is broken at record ${last.seq + 1}`)
    }
    last = record
  }
  return async (expected) => {
    const folder = join(stack.dataDir, 'control')
    const storage = openStorage({
      file: join(folder, 'holdfast.db'),
      encryptionKey: await readFile(join(folder, 'control.key')),
      sweepIntervalMs: 0,
    })
    let found = 0
    try {
      for (let page; page === undefined || page.length > 0;) {
        page = await storage.audit.read({ after: last.seq, limit: 1000 })
        for (const record of page) follow(record)
        found += page.filter(({ type }) => type === 'dispatch').length
      }
    } finally {
      await storage.close()
    }
    if (found !== expected) throw new Error(`${found} dispatches are recorded, not ${expected}`)
  }
}
