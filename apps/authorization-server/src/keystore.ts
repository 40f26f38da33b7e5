import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
} from 'node:crypto'
import type { SigningKey, SigningKeyState, Storage } from '@holdfast/storage'

/** A public key as `/.well-known/jwks.json` shows it. */
export interface PublicSigningKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly kid: string
  readonly use: 'sig'
  readonly alg: 'ES256'
}

/** One key of the store. */
export interface LoadedSigningKey {
  readonly kid: string
  readonly state: SigningKeyState
  readonly publicJwk: PublicSigningKey
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** Outcome of a rotation. */
export interface SigningKeyRotation {
  readonly signing_kid: string
  /** Published already, signs from the next rotation on. */
  readonly next_kid: string
  readonly retired_kid: string
}

/**
 * The token signing keys: generated on first start, stored encrypted. The key that will sign next is
 * published from the rotation before, so that every verifier knows it in time.
 */
export interface Keystore {
  /** The one that signs first, then the next, then retired ones whose tokens may live. */
  keys(): readonly LoadedSigningKey[]
  /** Public key of a `kid` whose tokens may still be valid. */
  publicKey(kid: string): KeyObject | undefined
  /** Makes the next key sign from now on and publishes a fresh next one. */
  rotate(): Promise<SigningKeyRotation>
  /** Rotates by age and forgets retired keys; call it from a timer. Returns the rotation, if one was due. */
  maintain(): Promise<SigningKeyRotation | undefined>
  /** Calls back after every change of the keys. */
  onChange(listener: () => void): void
}

export interface KeystoreOptions {
  readonly storage: Pick<Storage, 'signingKeys'>
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Age at which the signing key is replaced; 0 = only on demand. */
  readonly maxAgeSeconds: number
  /** How long a retired key stays published: the longest life of a token that it may have signed. */
  readonly overlapSeconds: number
}

const clockSkewMs = 300_000

/** Opens the keystore, making the first two keys when there is none. */
export async function openKeystore(options: KeystoreOptions): Promise<Keystore> {
  const { clock } = options
  const store = options.storage.signingKeys
  const listeners: (() => void)[] = []
  let keys: readonly LoadedSigningKey[] = []
  let turn: Promise<unknown> = Promise.resolve()

  /** Changes run one after the other, also after one that failed. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work)
    turn = next.catch(() => undefined)
    return next
  }

  async function reload(): Promise<void> {
    const stored = await store.list()
    const states = new Set(stored.map(({ state }) => state))
    if (!states.has('active')) await store.create(generateKey('active'))
    if (!states.has('next')) await store.create(generateKey('next'))
    keys = Object.freeze((await store.list()).map(loadKey))
  }

  async function rotate(): Promise<SigningKeyRotation> {
    const [before, next] = keys
    if (before?.state !== 'active' || next?.state !== 'next') {
      throw new Error('the keystore has lost its active or next key')
    }
    await store.promote(next.kid)
    await reload()
    for (const listener of listeners) listener()
    const [signing, following] = keys
    return {
      signing_kid: signing?.kid ?? next.kid,
      next_kid: following?.kid ?? '',
      retired_kid: before.kid,
    }
  }

  async function maintain(): Promise<SigningKeyRotation | undefined> {
    const stored = await store.list()
    const gone = stored.filter(
      ({ state, retiredAtMs }) =>
        state === 'retired' &&
        (retiredAtMs ?? 0) + options.overlapSeconds * 1000 + clockSkewMs < clock(),
    )
    for (const { kid } of gone) await store.remove(kid)
    const active = stored.find(({ state }) => state === 'active')
    const age = clock() - (active?.activatedAtMs ?? clock())
    if (options.maxAgeSeconds > 0 && age > options.maxAgeSeconds * 1000) return rotate()
    if (gone.length > 0) {
      await reload()
      for (const listener of listeners) listener()
    }
    return undefined
  }

  await reload()
  return {
    keys: () => keys,
    publicKey: (kid) => keys.find((key) => key.kid === kid)?.publicKey,
    rotate: () => inTurn(rotate),
    maintain: () => inTurn(maintain),
    onChange: (listener) => void listeners.push(listener),
  }
}

function generateKey(state: 'active' | 'next') {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { crv = '', d = '', kty = '', x = '', y = '' } = privateKey.export({ format: 'jwk' })
  const kid = hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url')
  return {
    kid,
    alg: 'ES256',
    state,
    privateJwk: { kty, crv, x, y, d, kid, use: 'sig', alg: 'ES256' },
  }
}

function loadKey({ kid, state, privateJwk }: SigningKey): LoadedSigningKey {
  const { d: _, ...publicJwk } = privateJwk
  const privateKey = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' })
  return {
    kid,
    state,
    publicJwk: publicJwk as unknown as PublicSigningKey,
    publicKey: createPublicKey(privateKey),
    privateKey,
  }
}
