/** Longest pause between two starts. */
const maxRestartDelayMs = 30_000

/** A child that ran this long counts as stable: its next crash starts the series anew. */
export const stableAfterMs = 60_000

/** Pause before the next start after so many failures in a row: 0.5 s, 1 s, 2 s … 30 s. */
export const restartDelayMs = (failures: number): number =>
  Math.min(maxRestartDelayMs, 250 * 2 ** Math.max(1, failures))

/** How many failures in a row there are after one more crash. */
export const failuresAfter = (failures: number, ranForMs: number): number =>
  ranForMs >= stableAfterMs ? 1 : failures + 1
