/** What came of one official suite. */
export interface SuiteResult {
  readonly name: string
  /** Checks of the suite that hold. */
  readonly passed: number
  readonly failed: number
  /** What the suite recommends and does not demand. */
  readonly warnings: number
  /** One line for each scenario, failures with their reasons. */
  readonly details: readonly string[]
}

/** What every file of `suites/` exports. */
export interface Suite {
  readonly run: () => Promise<SuiteResult>
}
