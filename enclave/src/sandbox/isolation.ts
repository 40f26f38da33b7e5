import {
  type AttackResult,
  type IsolationLevel,
  type IsolationReport,
  weakerLevel,
} from '@holdfast/protocol/enclave'

/** The best that software alone can reach. */
const bestWithoutHardware: IsolationLevel = 'networkless'

/**
 * The level that the attacks leave: each one that was not denied caps it. One that could not be
 * carried out proves nothing, so it caps too.
 */
export function levelFromAttacks(attacks: readonly AttackResult[]): IsolationLevel {
  return attacks
    .filter(({ outcome }) => outcome !== 'denied')
    .reduce((level, { caps }) => weakerLevel(level, caps), bestWithoutHardware)
}

/** Joins attacks with what was done against them to the report that clients and operators see. */
export function isolationReport(
  attacks: readonly AttackResult[],
  done: { readonly mechanisms: readonly string[]; readonly reasons: readonly string[] },
): IsolationReport {
  const lowering = attacks.filter(
    ({ outcome, caps }) => outcome !== 'denied' && caps !== bestWithoutHardware,
  )
  return {
    level: levelFromAttacks(attacks),
    attacks: [...attacks],
    reasons: [...done.reasons, ...lowering.map(explain)],
    mechanisms: [...done.mechanisms],
    hardware: 'none',
  }
}

function explain({ attack, outcome, detail, caps }: AttackResult): string {
  const what = outcome === 'succeeded' ? 'succeeded' : 'could not be tried'
  return `${attack}: ${what}${detail === undefined ? '' : ` (${detail})`}; at most ${caps}`
}
