import { createDpopProof } from '@holdfast/protocol/token'
import { hash } from 'node:crypto'
import { Pool, type request } from 'undici'
import type { BenchUpstream } from './bench-upstream.ts'
import type { BoundToken } from './dispatch-stack.ts'
import { inParallel, type Variant } from './measure.ts'

/** A connection, and the caller's token for it. */
export interface Call {
  readonly handle: string
  /** A proxy is sent the same request, and does not look at it. */
  readonly bound: BoundToken
}

/** Dispatches to measure. */
export interface DispatchLoad extends Pick<Variant, 'name' | 'count' | 'note' | 'warmUpCount'> {
  readonly concurrency: number
  readonly pids: readonly number[]
  readonly origin: string
  /** Made in turn, one after the other, from round to round. */
  readonly calls: readonly Call[]
  readonly upstream: Pick<BenchUpstream, 'count'>
  /** Checks that so many dispatches were recorded since the last check; absent for a proxy. */
  readonly auditCheck?: (expected: number) => Promise<void>
}

/** A {@link Variant} whose connections to the server can be closed. */
export interface ClosableVariant extends Variant {
  close(): Promise<void>
}

/** Calls that are checked one by one, and together after each run. */
export function dispatchLoad(options: DispatchLoad): ClosableVariant {
  const { origin, calls, concurrency, upstream, auditCheck, ...variant } = options
  const pool = new Pool(origin, { connections: concurrency })
  const latenciesMs: number[] = []
  let requests: readonly PreparedRequest[] = []
  let turn = 0
  let seenBefore = 0

  const send = (index: number) =>
    pool.request({ method: 'POST', path: '/dispatch', ...requests[index] })

  return {
    ...variant,
    latenciesMs,
    prepare: async (n) => {
      const inTurn = Array.from({ length: n }, (_, i) => calls[(turn + i) % calls.length]!)
      turn += n
      requests = await prepareRequests(`${origin}/dispatch`, inTurn)
      seenBefore = await upstream.count()
      // What other variants recorded is not ours to count.
      await auditCheck?.(0)
    },
    run: (n) =>
      inParallel(n, concurrency, async (index) => {
        const start = performance.now()
        const answer = await send(index)
        const reply = (await answer.body.json()) as DispatchReply
        latenciesMs.push(performance.now() - start)
        if (answer.statusCode !== 200 || !reply.success || reply.response?.body?.login !== 'ada') {
          throw new Error(`a dispatch was answered ${answer.statusCode}: ${JSON.stringify(reply)}`)
        }
      }),
    verify: async (n) => {
      const seen = (await upstream.count()) - seenBefore
      if (seen !== n) throw new Error(`the upstream saw ${seen} calls with the key, not ${n}`)
      if (!auditCheck) return
      await auditCheck(n)
      await requireReplayRefused(await send(0))
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

interface PreparedRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const sha256 = (text: string): string => hash('sha256', text, 'base64url')

async function prepareRequests(
  url: string,
  calls: readonly Call[],
): Promise<readonly PreparedRequest[]> {
  const all: PreparedRequest[] = []
  for (const { handle, bound } of calls) {
    const { token: accessToken, key } = bound
    const dpop = await createDpopProof({ key, method: 'POST', url, accessToken, sha256 })
    all.push({
      headers: { 'content-type': 'application/json', authorization: `DPoP ${accessToken}`, dpop },
      body: JSON.stringify({
        connection_handle: handle,
        request: { method: 'GET', path: '/user' },
      }),
    })
  }
  return all
}
