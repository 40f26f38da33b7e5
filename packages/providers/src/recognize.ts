import type { Catalog } from './catalog.ts'
import { matchesPattern, patternPrefix } from './key-pattern.ts'
import type { Provider, ProviderField, ProviderKind } from './schema.ts'

/** What a key looks like. */
export interface Recognized {
  readonly provider: Provider
  readonly kind: ProviderKind
  /** The secret field that it would go into. */
  readonly field: string
}

/** What can be said of a pasted key before it is sealed. */
export type KeyFinding =
  /** It looks right, or the provider promises nothing about its keys. */
  | { readonly finding: 'fits' }
  /** A known wrong kind of value; `words` says which one and what to do. */
  | { readonly finding: 'wrong'; readonly words: string }
  /** Another provider's, or another kind of the same provider. */
  | { readonly finding: 'other'; readonly recognized: Recognized }
  /** Unlike anything that this provider issues, as far as the catalog knows. */
  | { readonly finding: 'unlike' }

/**
 * Whose key this is, by its pattern. Only patterns with a telling prefix count: forty hex digits
 * are anybody's. The most specific comes first.
 */
export function recognizeKey(catalog: Catalog, key: string): readonly Recognized[] {
  const found: (Recognized & { readonly prefix: number })[] = []
  for (const provider of catalog.providers) {
    for (const kind of provider.kinds) {
      for (const [field, { patterns = [] }] of Object.entries(kind.fields)) {
        const prefixes = patterns
          .filter((pattern) => isTelling(pattern) && matchesPattern(pattern, key))
          .map((pattern) => patternPrefix(pattern).length)
        if (prefixes.length === 0) continue
        found.push({ provider, kind, field, prefix: Math.max(...prefixes) })
      }
    }
  }
  return found
    .sort((a, b) => b.prefix - a.prefix)
    .map(({ provider, kind, field }) => ({ provider, kind, field }))
}

/** Shortest prefix that tells providers apart, in characters. */
const tellingPrefix = 3

const isTelling = (pattern: string): boolean => patternPrefix(pattern).length >= tellingPrefix

/** Checks a pasted value against what the provider's field expects. Looks at it and keeps nothing. */
export function checkKey(
  catalog: Catalog,
  provider: Provider,
  kind: ProviderKind,
  fieldName: string,
  key: string,
): KeyFinding {
  const field: ProviderField | undefined = kind.fields[fieldName]
  if (!field) return { finding: 'fits' }
  const wrong = field.wrong?.find(({ patterns }) => fitsAny(patterns, key))
  const isRight = field.patterns !== undefined && fitsAny(field.patterns, key)
  // A known mistake counts first unless the right pattern is the narrower one.
  if (wrong && !isRight) return { finding: 'wrong', words: wrong.words }
  if (isRight) return { finding: 'fits' }
  const [recognized] = recognizeKey(catalog, key)
  if (recognized && !isSame(recognized, provider, kind, fieldName)) {
    return { finding: 'other', recognized }
  }
  return { finding: field.patterns === undefined ? 'fits' : 'unlike' }
}

const fitsAny = (patterns: readonly string[], key: string): boolean =>
  patterns.some((pattern) => matchesPattern(pattern, key))

const isSame = (
  recognized: Recognized,
  provider: Provider,
  kind: ProviderKind,
  field: string,
): boolean =>
  recognized.provider.name === provider.name &&
  recognized.kind.id === kind.id &&
  recognized.field === field
