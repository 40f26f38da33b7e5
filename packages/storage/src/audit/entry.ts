import { sortedByName } from '@holdfast/protocol/audit'
import type { AuditDetail, AuditEntry } from '@holdfast/protocol/audit'
import { StorageError } from '../errors.ts'

const maxString = 512
const maxFacts = 16
const typePattern = /^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*$/
const namePattern = /^[a-z][a-z0-9_]{0,31}$/

/** The fields of an entry besides `type`, `outcome` and `detail`. */
const textFields = [
  'actor',
  'subject',
  'client',
  'resource',
  'connection',
  'grant',
  'request_id',
] as const

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * The entry as it will be hashed and read back: only known fields, none undefined, strings well-formed and
 * short, detail sorted.
 *
 * @throws StorageError INVALID_VALUE
 */
export function normaliseEntry(entry: AuditEntry): AuditEntry {
  if (!typePattern.test(entry.type)) throw invalid('the type must be a dotted lower-case name')
  const normal: Mutable<AuditEntry> = { type: shorten(entry.type), outcome: entry.outcome }
  for (const field of textFields) {
    const value = entry[field]
    if (value !== undefined) normal[field] = shorten(value)
  }
  if (entry.detail !== undefined) normal.detail = normaliseDetail(entry.detail)
  return normal
}

function normaliseDetail(detail: AuditDetail): AuditDetail {
  const names = Object.keys(detail)
  if (names.length > maxFacts) throw invalid(`a detail has at most ${maxFacts} facts`)
  const normal: Record<string, string | number | boolean> = {}
  for (const name of names) {
    const value: unknown = detail[name]
    if (!namePattern.test(name)) throw invalid('a detail has a name outside [a-z][a-z0-9_]{0,31}')
    if (typeof value === 'string') normal[name] = shorten(value)
    else if (typeof value === 'boolean' || Number.isSafeInteger(value)) {
      normal[name] = value as number | boolean
    } else throw invalid(`the fact ${name} is neither a string, a boolean nor a safe integer`)
  }
  const sorted = sortedByName(normal)
  return sorted === normal ? normal : { ...sorted }
}

/** Cut between code points, and with lone surrogates replaced, which the database could not give back. */
function shorten(text: string): string {
  const cut = text.length <= maxString ? text : text.slice(0, maxString)
  return cut.toWellFormed()
}

function invalid(message: string): StorageError {
  return new StorageError('INVALID_VALUE', `audit entry refused: ${message}`)
}
