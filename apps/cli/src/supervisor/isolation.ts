import {
  type AttackResult,
  type IsolationLevel,
  isolationRank,
  type IsolationReport,
  weakerLevel,
} from '@holdfast/protocol/enclave'

/** The level that stands after both sides attacked. */
export interface MeasuredIsolation {
  readonly level: IsolationLevel
  readonly floor: IsolationLevel
  readonly reasons: readonly string[]
  readonly mechanisms: readonly string[]
  readonly attacks: readonly AttackResult[]
  /** When it was last measured, ISO 8601. */
  readonly measuredAt: string
}

/** What the outside probe found; `undefined` when it could not finish. */
export type OutsideAttacks = readonly AttackResult[] | undefined

/**
 * Joins the enclave's own report with the outside probe: each attack that was not denied caps the level.
 * Without a finished probe nothing about the outside is proven, so only `process` can be claimed.
 */
export function measure(
  inside: IsolationReport,
  outside: OutsideAttacks,
  floor: IsolationLevel,
): MeasuredIsolation {
  // An attack that could not be carried out proves nothing, so it caps like one that succeeded.
  const undefended = (outside ?? []).filter(({ outcome }) => outcome !== 'denied')
  let level = inside.level
  for (const { caps } of undefended) level = weakerLevel(level, caps)
  if (outside === undefined) level = weakerLevel(level, 'process')
  return {
    level,
    floor,
    reasons: [
      ...inside.reasons,
      ...undefended.map(explain),
      ...(outside === undefined ? ['the probe from the control plane’s side did not finish'] : []),
    ],
    mechanisms: inside.mechanisms,
    attacks: [...inside.attacks, ...(outside ?? [])],
    measuredAt: new Date().toISOString(),
  }
}

export const meetsFloor = ({ level, floor }: MeasuredIsolation): boolean =>
  isolationRank(level) >= isolationRank(floor)

const explain = ({ attack, outcome, detail, caps }: AttackResult): string => {
  const what = outcome === 'succeeded' ? 'succeeded' : 'could not be tried'
  const why = detail === undefined ? '' : ` (${detail})`
  return `from the control plane, ${attack}: ${what}${why}; at most ${caps}`
}
