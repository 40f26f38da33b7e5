/** Longest account name that is kept, in characters. */
const maxAccountLength = 120

/**
 * The account that an identity answer names: the first of the pointers that leads to text or a
 * number. Without control or formatting characters, because other people chose it.
 *
 * @param pointers - JSON pointers. @see {@link https://www.rfc-editor.org/rfc/rfc6901}
 */
export function accountName(pointers: readonly string[], answer: unknown): string | undefined {
  for (const pointer of pointers) {
    const value = pointed(answer, pointer)
    if (typeof value !== 'string' && typeof value !== 'number') continue
    const name = String(value)
      .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
      .trim()
    if (name !== '') return [...name].slice(0, maxAccountLength).join('')
  }
  return undefined
}

/** What a JSON pointer leads to; undefined where nothing is. */
export function pointed(value: unknown, pointer: string): unknown {
  let at = value
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}
