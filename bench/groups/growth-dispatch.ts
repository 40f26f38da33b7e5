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
  const add = async (name: string, rows: number, sealed: number): Promise<void> => {
    const started = await startGrownStack(upstream, { rows, sealed, progress })
    stacks.push(started)
    const { stack, calls } = started
    variants.push(
      dispatchLoad({
        ...{ name, concurrency, upstream, calls, count: 400 },
        // Each of them once at least.
        warmUpCount: 3000,
        origin: stack.issuer,
        pids: await stackProcesses(stack),
        auditCheck: createAuditCheck(stack),
      }),
    )
  }
  try {
    await add(smallName, few, few)
    await add(largeName, many, inUse)
  } catch (error) {
    await close()
    throw error
  }
  return {
    name: 'growth-dispatch',
    about: `a whole dispatch through all processes, among ${2 * few} connections and among ${many + inUse}; those in use were sealed with a credential, stand spread among the others, and are called in turn, each with a token of its own, so that none is in the server's cache of rows; ${concurrency} at once`,
    variants,
    // As many short ones as the dispatches have, and more, because two servers are compared that hardly differ.
    rounds: 30,
    ratios: (by) => ({ G12d: pairedRatio(by(largeName).rounds, by(smallName).rounds) }),
    close,
  }
}
