import { patternLength, patternPrefix } from './key-pattern.ts'
import type { ProviderField } from './schema.ts'

/** What a right key looks like, such as "starts with ghp_ and has 40 characters"; undefined when nobody knows. */
export function describeKey({
  patterns = [],
}: Pick<ProviderField, 'patterns'>): string | undefined {
  const shapes = new Set(patterns.map(shapeOf))
  return shapes.size === 0 ? undefined : [...shapes].join(', or ')
}

function shapeOf(pattern: string): string {
  const prefix = patternPrefix(pattern)
  const length = `has ${count(patternLength(pattern))} characters`
  return prefix === '' ? length : `starts with ${prefix} and ${length}`
}

const count = ({ min, max }: { readonly min: number; readonly max: number }): string =>
  min === max ? String(min) : max === Infinity ? `at least ${min}` : `${min} to ${max}`
