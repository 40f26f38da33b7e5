import { toBase64url, utf8 } from './bytes.ts'

/**
 * SHA-256 of a text's UTF-8 bytes as base64url. Node callers pass
 * `(text) => hash('sha256', text, 'base64url')`: the synchronous hash costs a twentieth of WebCrypto's.
 */
export type Sha256 = (text: string) => string | Promise<string>

/** {@link Sha256} by WebCrypto, for every runtime. */
export async function webSha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', utf8(text) as Uint8Array<ArrayBuffer>)
  return toBase64url(new Uint8Array(digest))
}
