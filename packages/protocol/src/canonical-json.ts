import canonicalize from 'canonicalize'
import { utf8 } from './bytes.ts'

/**
 * The one byte string of a JSON value, for signatures and additional authenticated data.
 *
 * @throws TypeError when the value is not JSON
 * @see {@link https://www.rfc-editor.org/rfc/rfc8785} JSON Canonicalization Scheme
 */
export function canonicalBytes(value: unknown): Uint8Array {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('value has no JSON form')
  return utf8(text)
}
