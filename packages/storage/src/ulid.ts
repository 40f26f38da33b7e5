import { ulid } from 'ulid'

/**
 * A new identifier whose order is that of its time: 26 characters of Crockford base 32.
 *
 * @see {@link https://github.com/ulid/spec}
 */
export function newUlid(nowMs: number = Date.now()): string {
  return ulid(nowMs)
}
