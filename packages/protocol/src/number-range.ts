/**
 * A number that somebody configured. With NaN, as `Number(undefined)` gives, every comparison is
 * false: tokens would never end and caches never be full.
 *
 * @throws RangeError that names the option and its range
 */
export function inRange(
  name: string,
  value: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === 'number' && value >= least && value <= most) return value
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`
  throw new RangeError(`${name} must be ${range}`)
}
