const minimumMs = 5 * 60_000
const maximumMs = 24 * 3_600_000
const defaultMs = 3_600_000

/** How long a failure is remembered when there is nothing else to give. */
export const failureMs = 60_000

/** When to try again while an older document is given. */
export const staleRetryMs = 5 * 60_000

/** How long after its fetching a document is given although its host cannot confirm it. */
export const staleIfErrorMs = 30 * 86_400_000

/**
 * How long a document needs no second look: what its host says, within five minutes and a day.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2}
 */
export function freshForMs(cacheControl: string | undefined): number {
  const directives = (cacheControl ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
  if (directives.includes('no-store') || directives.includes('no-cache')) return minimumMs
  const seconds = directives
    .map((directive) => /^max-age="?(\d{1,9})"?$/.exec(directive)?.[1])
    .find((value) => value !== undefined)
  const wanted = seconds === undefined ? defaultMs : Number(seconds) * 1000
  return Math.max(minimumMs, Math.min(maximumMs, wanted))
}
