import { createAuditCheck } from '../lib/audit-check.ts'
import { startUpstream } from '../lib/bench-upstream.ts'
import { type ClosableVariant, dispatchLoad } from '../lib/dispatch-load.ts'
import type { GroupSetup } from '../lib/group.ts'
import { type GrownStack, startGrownStack } from '../lib/grown-stack.ts'
import { pairedRatio } from '../lib/measure.ts'
import { stackProcesses } from '../lib/process-tree.ts'

/** More than the server's cache of rows holds, less than the enclave's caches do. */
const few = 1200
/** More than any of them holds. */
const inUse = 2100
const concurrency = 16
const smallName = `a dispatch among ${2 * few} connections, ${few} in use`
const largeName = `a dispatch among all others, ${inUse} in use`

/** What a whole dispatch costs in a Holdfast that has a million of everything. */
export const growthDispatchGroup: GroupSetup = async ({ quick, progress }) => {
  const many = quick ? 100_000 : 1_000_000
  const upstream = await startUpstream()
  const stacks: GrownStack[] = []
  const variants: ClosableVariant[] = []
  const close = async (): Promise<void> => {
    await Promise.all(variants.map((variant) => variant.close()))
    await Promise.all(stacks.map(({ stack }) => stack.stop()))
    await upstream.stop()
  }
  /** Starts one and loads it in several ways, by name and how many of its connections are used. */
  const add = async (
    rows: number,
    sealed: number,
    ways: readonly (readonly [name: string, used: number])[],
  ): Promise<void> => {
    const started = await startGrownStack(upstream, { rows, sealed, progress })
    stacks.push(started)
    const { stack, calls } = started
    const common = {
      ...{ concurrency, upstream, count: 400 },
      // Everything in use once at least.
      warmUpCount: 3000,
      origin: stack.issuer,
      pids: await stackProcesses(stack),
      auditCheck: createAuditCheck(stack),
    }
    for (const [name, used] of ways) {
      variants.push(dispatchLoad({ ...common, name, calls: calls.slice(0, used) }))
    }
  }
  try {
    await add(few, few, [[smallName, few]])
    await add(many, inUse, [
      [largeName, inUse],
      [`a dispatch among all others, ${few} in use`, few],
    ])
  } catch (error) {
    await close()
    throw error
  }
  return {
    name: 'growth-dispatch',
    about: `a whole dispatch through all processes; ${few} connections and ${many} others, of which some were sealed with a credential, stand spread among the others and are used in turn, each with a token of its own, so that none is in the server's cache of rows; ${concurrency} at once`,
    variants,
    rounds: 20,
    ratios: (by) => ({ G12d: pairedRatio(by(largeName).rounds, by(smallName).rounds) }),
    close,
  }
}
