/** The nonces of one moment. */
export interface NonceWindow {
  /** The one to hand out. */
  readonly current: string
  /** True for the nonces of the last two minutes, of this one and of the next two. */
  readonly accepts: (nonce: string) => boolean
}

const stepMs = 60_000
const offsets = [-2, -1, 0, 1, 2] as const

async function derive(key: CryptoKey, step: number): Promise<string> {
  const salt = new DataView(new ArrayBuffer(8))
  salt.setBigUint64(0, BigInt(step))
  const info = new TextEncoder().encode('DPoP resource server')
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt, info }
  const bits = new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 128))
  return [...bits].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * Nonces for proofs that need no memory: derived from a secret and the minute, so that every process
 * with the secret makes and takes the same ones.
 *
 * @param now - Unix milliseconds
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-9}
 */
export function createDpopNonces(
  secret: Uint8Array<ArrayBuffer>,
  now: () => number,
): () => Promise<NonceWindow> {
  const key = crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  let step = Number.NaN
  let current: Promise<NonceWindow>

  const windowOf = async (middle: number): Promise<NonceWindow> => {
    const imported = await key
    const nonces = await Promise.all(offsets.map((offset) => derive(imported, middle + offset)))
    // A nonce is public: whoever asks gets it, so comparing it needs no constant time.
    return { current: nonces[3] ?? '', accepts: (nonce) => nonces.includes(nonce) }
  }
  return () => {
    const latest = Math.floor(now() / stepMs)
    if (latest !== step) {
      step = latest
      current = windowOf(latest)
    }
    return current
  }
}
