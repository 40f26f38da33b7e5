import { createAuditCheck } from '../lib/audit-check.ts'
import { startUpstream } from '../lib/bench-upstream.ts'
import { type ClosableVariant, dispatchLoad } from '../lib/dispatch-load.ts'
import { type BoundToken, startDispatchStack } from '../lib/dispatch-stack.ts'
import type { GroupSetup } from '../lib/group.ts'
import { pairedRatio } from '../lib/measure.ts'
import { stackProcesses } from '../lib/process-tree.ts'
import { startServer } from '../lib/server-process.ts'

const bareName = 'bare undici proxy, 16 at once'
const oursName = 'holdfast, user token, 16 at once'
const exchangedName = 'holdfast, exchanged token of an MCP server, 16 at once'

/** One call by handle through all processes, against a proxy that only forwards. */
export const dispatchGroup: GroupSetup = async ({ quick }) => {
  // Many short rounds: what disturbs one pair of neighbours is no reason to distrust the others.
  const count = quick ? 600 : 400
  const upstream = await startUpstream()
  const proxy = await startServer('bare-proxy', {
    caPem: upstream.caPem,
    upstream: upstream.url,
    authorization: upstream.authorization,
  })
  const { stack, handle, direct, exchanged } = await startDispatchStack(upstream)
  const { isolation } = await stack.report()
  const pids = await stackProcesses(stack)
  const auditCheck = createAuditCheck(stack)
  const common = (n: number, concurrency: number) => ({
    count: n,
    concurrency,
    ...(concurrency > 1 && { warmUpCount: 2000 }),
    upstream,
  })

  const bare = (name: string, n: number, concurrency: number): ClosableVariant =>
    dispatchLoad({
      ...common(n, concurrency),
      name,
      pids: [proxy.pid],
      origin: `http://127.0.0.1:${proxy.ready.port}`,
      calls: [{ handle, bound: direct }],
      note: 'reads no token or proof; no policy, encryption, audit, or process of its own for the key',
    })
  const ours = (name: string, n: number, concurrency: number, bound: BoundToken) =>
    dispatchLoad({
      ...common(n, concurrency),
      ...{ name, pids, auditCheck },
      origin: stack.issuer,
      calls: [{ handle, bound }],
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
    about: `POST /dispatch to a TLS upstream on loopback, new DPoP proof each time, audit on disk before the answer; CPU of all three processes; isolation ${isolation?.level ?? 'none'}`,
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
