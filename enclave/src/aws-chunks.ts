import { createHash, createHmac } from 'node:crypto'
import { credentialScope, type SigningKey, type SigningScope } from './aws-sigv4.ts'

/** Stands in place of the body's hash where each chunk has a signature of its own. */
export const streamingPayload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'

/** Bytes of the body in one chunk; AWS wants at least 8 KiB in all but the last. */
const chunkBytes = 65_536

const emptyHash = createHash('sha256').digest('hex')

/**
 * A body in signed chunks, each signature over the one before, the first over that of the head.
 *
 * @see {@link https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html}
 */
export function signedChunks(
  body: Uint8Array,
  seedSignature: string,
  scope: SigningScope,
  { bytes: key }: SigningKey,
): Buffer {
  const parts: Uint8Array[] = []
  let previous = seedSignature
  for (let start = 0; start <= lastStart(body.length); start += chunkBytes) {
    const chunk = body.subarray(start, start + chunkBytes)
    const hash = createHash('sha256').update(chunk).digest('hex')
    const text = `AWS4-HMAC-SHA256-PAYLOAD\n${scope.amzDate}\n${credentialScope(scope)}\n${previous}\n${emptyHash}\n${hash}`
    previous = createHmac('sha256', key).update(text).digest('hex')
    const head = `${chunk.length.toString(16)};chunk-signature=${previous}\r\n`
    parts.push(Buffer.from(head), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}

/** Where the empty chunk starts that ends every body. */
const lastStart = (length: number): number => Math.ceil(length / chunkBytes) * chunkBytes
