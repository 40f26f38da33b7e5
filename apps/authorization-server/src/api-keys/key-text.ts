import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What a key is for: a label, by which people tell a leaked production key from another. */
export type KeyEnvironment = 'live' | 'test'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 62^43 holds 256 bits, 62^6 a CRC-32. */
const secretLength = 43
const checksumLength = 6
const pattern = /^(dsk-(?:live|test)-[0-9A-Za-z]{43})([0-9A-Za-z]{6})$/

/**
 * Makes a key: `dsk-live-` or `dsk-test-`, 256 random bits in base 62, and a CRC-32 of all before it,
 * by which a secret scanner tells a key from text that looks like one without asking anybody.
 */
export function newApiKeyText(environment: KeyEnvironment): string {
  const secret = BigInt(`0x${randomBytes(32).toString('hex')}`)
  const body = `dsk-${environment}-${inBase62(secret, secretLength)}`
  return body + checksumOf(body)
}

/** True for a text that this server could have issued. */
export function isApiKeyText(text: string): boolean {
  const [, body, checksum] = pattern.exec(text) ?? []
  return body !== undefined && checksumOf(body) === checksum
}

const checksumOf = (body: string): string => inBase62(BigInt(crc32(body)), checksumLength)

function inBase62(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest /= 62n) text = digits[Number(rest % 62n)] + text
  return text
}
