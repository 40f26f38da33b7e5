/** Just enough of DER to write a certificate. See ITU-T X.690. */

/** Tag, length, value. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(contents)
  const { length } = value
  const size: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256)
  const header = length < 0x80 ? [tag, length] : [tag, 0x80 | size.length, ...size]
  return Buffer.concat([Buffer.from(header), value])
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items)
export const set = (...items: readonly Uint8Array[]): Buffer => der(0x31, ...items)
export const octets = (value: Uint8Array): Buffer => der(0x04, value)
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text))
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]))

/** A bit string of whole bytes, with the given number of unused bits at its end. */
export const bits = (value: Uint8Array, unused = 0): Buffer =>
  der(0x03, Buffer.from([unused]), value)

/** A non-negative integer from its big-endian bytes. */
export function integer(value: Uint8Array): Buffer {
  const sign = (value[0] ?? 0) >= 0x80 ? [0] : []
  return der(0x02, Buffer.from(sign), value)
}

/** A time to the second; good until 2049. */
export function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}

/** An object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const group = [arc % 128]
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) {
      group.unshift((high % 128) | 0x80)
    }
    bytes.push(...group)
  }
  return der(0x06, Buffer.from(bytes))
}
