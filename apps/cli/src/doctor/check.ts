import type { Config } from '../config.ts'
import type { RunningStatus } from '../supervisor/status.ts'

/** What one check found. `skipped` is for what cannot be asked while nothing runs. */
export interface CheckResult {
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly detail: string
  /** What to do; always present on a warning or failure. */
  readonly fix?: string
}

export interface CheckContext {
  readonly config: Config
  /** Undefined when nothing runs here. */
  readonly status: RunningStatus | undefined
}

export interface Check {
  readonly id: string
  readonly title: string
  readonly run: (context: CheckContext) => CheckResult | Promise<CheckResult>
}

export const ok = (detail: string): CheckResult => ({ outcome: 'ok', detail })
export const warning = (detail: string, fix: string): CheckResult => ({
  outcome: 'warning',
  detail,
  fix,
})
export const failed = (detail: string, fix: string): CheckResult => ({
  outcome: 'failed',
  detail,
  fix,
})
export const skipped = (detail: string): CheckResult => ({ outcome: 'skipped', detail })
