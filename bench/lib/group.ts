import type { GoalId } from './goals.ts'
import type { Measurement, Variant } from './measure.ts'

/** A comparison of variants that ran in the same rounds. */
export interface Group {
  readonly name: string
  /** One line on what is compared and in which settings. */
  readonly about: string
  readonly variants: readonly Variant[]
  /** Rounds, when the usual number is not enough. */
  readonly rounds?: number
  /** The goals' ratios, from the measurements by variant name. */
  ratios(by: (name: string) => Measurement): Partial<Record<GoalId, number>>
  close?(): Promise<void>
}

/** How large a run is, and whom to tell how far it is. */
export interface Scale {
  readonly quick: boolean
  readonly progress: (text: string) => void
}

/** Makes a group ready to run: starts servers, seeds data. */
export type GroupSetup = (scale: Scale) => Promise<Group>
