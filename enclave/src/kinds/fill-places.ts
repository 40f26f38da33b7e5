import { isUtf8 } from 'node:buffer'
import { type Injection, parseTemplate } from '@holdfast/protocol'
import { isCredentialHeader } from '@holdfast/protocol/credential'
import { fillTemplate, jsonText, pathText, queryText } from '../secret-text.ts'
import type { PlannedValue, Secrets } from './injector.ts'

/** Fills the templates of injections, each value written as its place demands. */
export function fillPlaces(injections: readonly Injection[], secrets: Secrets): PlannedValue[] {
  return injections.map((place) => ({ place, value: fillPlace(place, secrets) }))
}

function fillPlace(place: Injection, secrets: Secrets): Buffer {
  const parts = parseTemplate(place.template, Object.keys(secrets))
  if (place.in === 'path') return fillTemplate(parts, secrets, pathText)
  const value = fillTemplate(parts, secrets)
  if (place.in === 'header' || place.in === 'cookie') return value
  try {
    return place.in === 'body' && place.format === 'json' ? jsonText(value) : queryText(value)
  } finally {
    value.fill(0)
  }
}

/** Why values cannot stand where injections put them, and what to do about it. */
export function placesFault(
  injections: readonly Injection[],
  secrets: Secrets,
): string | undefined {
  const hasCookie = injections.some((place) => place.in === 'cookie')
  for (const place of injections) {
    if (place.in === 'header') {
      if (!isCredentialHeader(place.name) || (hasCookie && /^cookie$/i.test(place.name))) {
        return 'this header cannot carry a credential'
      }
    }
    const parts = parseTemplate(place.template, Object.keys(secrets))
    const value = fillTemplate(parts, secrets, place.in === 'path' ? pathText : undefined)
    try {
      const fault = valueFault(place, value)
      if (fault) return fault
    } finally {
      value.fill(0)
    }
  }
  return undefined
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09

function valueFault(place: Injection, value: Buffer): string | undefined {
  switch (place.in) {
    case 'header':
      return isBlank(value[0]) || isBlank(value.at(-1))
        ? 'a header value cannot start or end with a blank; paste the secret without it'
        : undefined
    case 'cookie':
      return value.every(isCookieByte)
        ? undefined
        : 'a cookie cannot hold blanks, quotes, commas, semicolons or backslashes; percent-encode the secret first if the service expects that'
    case 'path':
      return isDotSegment(value)
        ? 'a path segment cannot be . or ..; check that the secret is the whole key'
        : undefined
    case 'body':
      return place.format === 'form' || isUtf8(value)
        ? undefined
        : 'a JSON body can hold text only, and the secret is not UTF-8; seal the key as its provider shows it'
    default:
      return undefined
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1} */
const isCookieByte = (byte: number): boolean =>
  byte > 0x20 && byte < 0x7f && ![0x22, 0x2c, 0x3b, 0x5c].includes(byte)

function isDotSegment(path: Buffer): boolean {
  const dot = 0x2e
  const slash = 0x2f
  for (let start = 0; start <= path.length; start++) {
    const next = path.indexOf(slash, start)
    const end = next === -1 ? path.length : next
    const length = end - start
    if ((length === 1 || length === 2) && path.subarray(start, end).every((b) => b === dot))
      return true
    start = end
  }
  return false
}
