import type { Cipher } from '../cipher.ts'

/** 16 bytes: enough against collisions, and small in every index entry. */
const keyLength = 16

/** The key of a row: opaque tokens are their own ids, so what is stored must not be what is presented. */
export function recordKeyOf(cipher: Cipher, model: string, id: string): Uint8Array {
  return cipher.fingerprint(model, id).subarray(0, keyLength)
}

/** A session's uid or a device's user code, as a second key of the row. */
export function lookupKeyOf(cipher: Cipher, field: 'uid' | 'userCode', value: string): Uint8Array {
  return cipher.fingerprint(field, value).subarray(0, keyLength)
}

/** A 64-bit integer: the grant index stays small, and a collision could only revoke too much. */
export function grantKeyOf(cipher: Cipher, grantId: string): bigint {
  const hash = cipher.fingerprint('grantId', grantId)
  return new DataView(hash.buffer, hash.byteOffset).getBigInt64(0)
}
