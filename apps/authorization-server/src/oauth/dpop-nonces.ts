import { hkdfSync } from 'node:crypto'

/**
 * Nonces for DPoP proofs that need no memory: derived from a secret and the minute, so that every
 * process with the secret makes and takes the same ones, and the library's are the same as ours.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-8}
 */
export interface DpopNonces {
  /** The nonce to hand out now. */
  current(): string
  /** True for the nonces of the last two minutes, of this one and of the next two. */
  readonly accepts: (nonce: string) => boolean
}

const stepMs = 60_000
const window = [-2, -1, 0, 1, 2] as const

/**
 * @param secret - 32 bytes
 * @param clock - Unix milliseconds
 */
export function createDpopNonces(secret: Uint8Array, clock: () => number): DpopNonces {
  let step = Number.NaN
  let values: readonly string[] = []

  const derive = (index: number): string => {
    const salt = Buffer.alloc(8)
    salt.writeUInt32BE(index, 4)
    return Buffer.from(hkdfSync('sha256', secret, salt, 'DPoP', 32)).toString('base64url')
  }
  const ofNow = (): readonly string[] => {
    const now = Math.floor(clock() / stepMs)
    if (now !== step) {
      step = now
      values = window.map((offset) => derive(now + offset))
    }
    return values
  }
  return {
    current: () => ofNow()[3] ?? '',
    // A nonce is public: whoever asks gets it, so comparing it needs no constant time.
    accepts: (nonce) => ofNow().includes(nonce),
  }
}
