import { base64Bytes, hexBytes, joinSecret } from './secret-bytes.ts'

/** Shorter secrets are not searched for in the clear: they would match by chance. */
const minPlainBytes = 4

/** Shorter secrets are not searched for in encoded forms. */
const minEncodedBytes = 6

/**
 * Fixed byte strings that give a secret away: itself, its base64 (wherever it stands in a longer
 * encoded text) and its hex. Escaped forms have too many spellings and are matched by `scrub-escaped`.
 */
export function leakPatterns(secret: Uint8Array): Buffer[] {
  if (secret.length < minPlainBytes) return []
  if (secret.length < minEncodedBytes) return [joinSecret(secret)]
  const patterns = [joinSecret(secret), hexBytes(secret, 'lower'), hexBytes(secret, 'upper')]
  for (const offset of [0, 1, 2]) {
    patterns.push(...base64Cores(secret, offset, false), ...base64Cores(secret, offset, true))
  }
  return patterns
}

/**
 * The base64 digits that depend on the secret alone when it starts `offset` bytes into a group; and
 * with the last digit as it is when nothing follows the secret.
 */
function base64Cores(secret: Uint8Array, offset: number, urlSafe: boolean): Buffer[] {
  const shifted = joinSecret(new Uint8Array(offset), secret)
  const digits = base64Bytes(shifted, { urlSafe, padding: false })
  shifted.fill(0)
  const first = Math.ceil((offset * 8) / 6)
  const end = Math.floor(((offset + secret.length) * 8) / 6)
  const cores = [joinSecret(digits.subarray(first, end))]
  if (end < digits.length) cores.push(joinSecret(digits.subarray(first)))
  digits.fill(0)
  return cores
}
