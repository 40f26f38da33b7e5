/** A page of a list that is ordered by its identifier. */
export interface Page {
  /** Return only what comes after this identifier. */
  readonly after?: string | undefined
  /** At most this many, 1..1000; default 100. */
  readonly limit?: number | undefined
}

/** How long resource servers must be told about a revocation. */
export interface Denial {
  /** Unix milliseconds until which an issued token could still be valid (now + longest token life). */
  readonly denyUntilMs: number
}
