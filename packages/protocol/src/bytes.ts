import { base64url } from 'jose'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** UTF-8 bytes of a string. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/**
 * The string that UTF-8 bytes spell.
 *
 * @throws TypeError when the bytes are not UTF-8
 */
export const utf8Text = (bytes: Uint8Array): string => decoder.decode(bytes)

/** Base64url without padding. @see {@link https://www.rfc-editor.org/rfc/rfc4648#section-5} */
export const toBase64url = (bytes: Uint8Array): string => base64url.encode(bytes)

/** The bytes of base64url text. @throws TypeError when the text is not base64url */
export const fromBase64url = (text: string): Uint8Array => base64url.decode(text)

/** One array that holds the given parts in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
