const ampersand = 0x26
const numberSign = 0x23
const names = new Map([
  [0x22, 'quot'],
  [0x26, 'amp'],
  [0x27, 'apos'],
  [0x3c, 'lt'],
  [0x3e, 'gt'],
])

/** Turns most references to other characters away: what follows `&`, for a character of a secret. */
export const couldBeEntity = (point: number, next: number): boolean =>
  next === numberSign || names.has(point)

/**
 * Reads a character of a secret as an HTML or XML character reference that starts at `at`.
 *
 * @returns where it ends, `incomplete` when more text could make it one, or `undefined`
 */
export function readEntity(
  point: number,
  text: Buffer,
  at: number,
): number | 'incomplete' | undefined {
  if (text[at] !== ampersand) return undefined
  let isCutShort = false
  for (const spelling of spellingsOf(point)) {
    const length = Math.min(spelling.length, text.length - at)
    const given = text.toString('latin1', at, at + length).toLowerCase()
    if (!spelling.startsWith(given)) continue
    if (length === spelling.length) return at + length
    isCutShort = true
  }
  return isCutShort ? 'incomplete' : undefined
}

// Escapers disagree on base and on leading zeros.
function spellingsOf(point: number): string[] {
  const decimal = String(point)
  const hexadecimal = point.toString(16)
  const name = names.get(point)
  return [
    `&#${decimal};`,
    `&#${decimal.padStart(3, '0')};`,
    `&#x${hexadecimal};`,
    ...(name === undefined ? [] : [`&${name};`]),
  ]
}
