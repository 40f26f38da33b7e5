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
 * Joins the enclave's own report with the outside probe: each attack that succeeded caps the level.
 * Without a finished probe nothing about the outside is proven, so only `process` can be claimed.
 */
export function measure(
  inside: IsolationReport,
  outside: OutsideAttacks,
  floor: IsolationLevel,
): MeasuredIsolation {
  const succeeded = (outside ?? []).filter(({ outcome }) => outcome === 'succeeded')
  let level = inside.level
  for (const { caps } of succeeded) level = weakerLevel(level, caps)
  if (outside === undefined) level = weakerLevel(level, 'process')
  return {
    level,
    floor,
    reasons: [
      ...inside.reasons,
      ...succeeded.map(
        ({ attack }) => `an attack from the control plane's side succeeded: ${attack}`,
      ),
      ...(outside === undefined ? ['the probe from the control plane’s side did not finish'] : []),
    ],
    mechanisms: inside.mechanisms,
    attacks: [...inside.attacks, ...(outside ?? [])],
    measuredAt: new Date().toISOString(),
  }
}

export const meetsFloor = ({ level, floor }: MeasuredIsolation): boolean =>
  isolationRank(level) >= isolationRank(floor)
