import { fstatSync, read } from 'node:fs'
import { hkdfSync } from 'node:crypto'
import { promisify } from 'node:util'
import { attackResultSchema, isolationLevelSchema } from '@holdfast/protocol/enclave'
import { z } from 'zod'
import { allocateSecret } from './secret-bytes.ts'

/** Bytes of every symmetric key. */
export const keyBytes = 32

const maxMessageBytes = 262_144
const lineFeed = 0x0a
const readFd = promisify(read)

const verdictSchema = z.object({
  level: isolationLevelSchema,
  outside: z.array(attackResultSchema),
})

/** What the supervisor measured from outside, sent ahead of the root key. */
export type OutsideVerdict = z.infer<typeof verdictSchema>

/** The root key with the verdict that came with it. */
export interface DeliveredKey {
  readonly verdict: OutsideVerdict
  /** 32 bytes. The receiver wipes it after deriving from it. */
  readonly rootKey: Buffer
}

/**
 * Reads the key pipe to its end: one JSON line, then the 32 raw bytes of the root key. Resolves with
 * `undefined` when the pipe closes without a byte, which is how the supervisor refuses.
 *
 * @throws Error when the pipe holds anything else
 */
export async function receiveRootKey(fd: number): Promise<DeliveredKey | undefined> {
  fstatSync(fd)
  const message = allocateSecret(maxMessageBytes)
  try {
    const length = await readToEnd(fd, message)
    if (length === 0) return undefined
    const lineEnd = message.indexOf(lineFeed)
    if (lineEnd === -1 || length !== lineEnd + 1 + keyBytes) {
      throw new Error('the key pipe does not hold a verdict and a root key of 32 bytes')
    }
    const verdict = verdictSchema.parse(JSON.parse(message.toString('utf8', 0, lineEnd)))
    const rootKey = allocateSecret(keyBytes)
    message.copy(rootKey, 0, lineEnd + 1, length)
    return { verdict, rootKey }
  } finally {
    message.fill(0)
  }
}

async function readToEnd(fd: number, target: Buffer): Promise<number> {
  let length = 0
  while (length < target.length) {
    const { bytesRead } = await readFd(fd, target, length, target.length - length, null)
    if (bytesRead === 0) return length
    length += bytesRead
  }
  throw new Error('the key pipe holds too much')
}

/**
 * A key for one purpose, so that no two uses of a key can meet.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5869} HKDF with SHA-256
 */
export function deriveKey(from: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', from, '', purpose, keyBytes))
}
