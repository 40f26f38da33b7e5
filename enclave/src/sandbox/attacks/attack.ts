import type { AttackResult, IsolationLevel } from '@holdfast/protocol/enclave'
import { errnoName } from '../ffi.ts'

/** What came of one attempt. */
export type AttackOutcome = Pick<AttackResult, 'outcome' | 'detail'>

/** One attack: what it is called, what it proves, and how it is done. */
export interface Attack {
  readonly id: string
  /** One phrase for an operator, starting with a verb. */
  readonly attack: string
  /** Highest level that can still be claimed when this succeeds. */
  readonly caps: IsolationLevel
  readonly run: () => AttackOutcome | Promise<AttackOutcome>
}

export const denied = (detail?: string): AttackOutcome => ({
  outcome: 'denied',
  ...(detail !== undefined && { detail }),
})
export const succeeded = (detail?: string): AttackOutcome => ({
  outcome: 'succeeded',
  ...(detail !== undefined && { detail }),
})
export const unavailable = (detail: string): AttackOutcome => ({ outcome: 'unavailable', detail })

/**
 * Reads the result of a system call as an outcome.
 *
 * @param reached errors that come only after the kernel has allowed the call as such
 */
export function fromCall(result: number, reached: readonly string[] = []): AttackOutcome {
  if (result >= 0) return succeeded()
  const name = errnoName(result)
  return reached.includes(name) ? succeeded(name) : denied(name)
}

/** Carries attacks out one after the other: some would disturb each other. */
export async function carryOut(
  attacks: readonly Attack[],
  from: AttackResult['from'],
): Promise<AttackResult[]> {
  const results: AttackResult[] = []
  for (const { id, attack, caps, run } of attacks) {
    results.push({ id, attack, from, caps, ...(await attempt(run)) })
  }
  return results
}

async function attempt(run: Attack['run']): Promise<AttackOutcome> {
  try {
    return await run()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    // An attack that fails in a way it does not know proves nothing.
    return unavailable(code ?? 'the attack itself failed')
  }
}
