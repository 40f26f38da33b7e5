import type { KeyObject } from 'node:crypto'
import type { SigningKey, SigningKeyState, Storage } from '@holdfast/storage'
import {
  generateSigningKey,
  isSigningAlgorithm,
  type PublicSigningKey,
  readSigningKey,
  type SigningAlgorithm,
} from './signing-algorithms.ts'

/** One key of the store. */
export interface LoadedSigningKey {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly state: SigningKeyState
  /** When it came into its state. */
  readonly sinceMs: number
  readonly publicJwk: PublicSigningKey
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** Outcome of a rotation. */
export interface SigningKeyRotation {
  readonly signing_kid: string
  readonly alg: SigningAlgorithm
  /** Published already, signs from the next rotation on. */
  readonly next_kid: string
  /** Absent when the next key has to become known first. */
  readonly retired_kid?: string
  /** When the next key signs by itself, because its algorithm was asked for. */
  readonly next_signs_from_ms?: number
  readonly reason: 'command' | 'age' | 'algorithm'
}

/**
 * The token signing keys: generated on first start, stored encrypted. The key that will sign next is
 * published from the rotation before, so that every verifier knows it in time.
 */
export interface Keystore {
  /** The one that signs first, then the next, then retired ones whose tokens may live. */
  keys(): readonly LoadedSigningKey[]
  /** The key of a `kid` whose tokens may still be valid. */
  find(kid: string): LoadedSigningKey | undefined
  /**
   * Makes the next key sign from now on and publishes a fresh next one. With another algorithm than
   * the next key's, a key of that algorithm is published instead and signs once it is known; keys
   * are made of that algorithm from then on.
   */
  rotate(alg?: SigningAlgorithm): Promise<SigningKeyRotation>
  /** Rotates when it is time and forgets retired keys; call it from a timer. */
  maintain(): Promise<SigningKeyRotation | undefined>
  /** When the next key signs by itself; undefined where only a command makes it. */
  rotationDueMs(): number | undefined
  /** Calls back after every change of the keys. */
  onChange(listener: () => void): void
}

export interface KeystoreOptions {
  readonly storage: Pick<Storage, 'signingKeys' | 'settings'>
  /** Unix milliseconds. */
  readonly clock: () => number
  /** Of new keys. A change counts from the start on which it is seen. */
  readonly algorithm: SigningAlgorithm
  /** Age at which the signing key is replaced; 0 = only on demand. */
  readonly maxAgeSeconds: number
  /** How long a retired key stays published: the longest life of a token that it may have signed. */
  readonly overlapSeconds: number
}

/** How long a key of another algorithm is published before it signs: beyond every cache of key sets. */
export const announcementMs = 60_000

const clockSkewMs = 300_000
const setting = 'signing-algorithm'

/** Opens the keystore, making the first two keys when there is none. */
export async function openKeystore(options: KeystoreOptions): Promise<Keystore> {
  const { clock } = options
  const { settings, signingKeys: store } = options.storage
  const listeners: (() => void)[] = []
  const remember = (alg: SigningAlgorithm): Promise<void> =>
    settings.set(setting, { configured: options.algorithm, wanted: alg })
  let wanted = await wantedAlgorithm()
  let keys: readonly LoadedSigningKey[] = []
  let turn: Promise<unknown> = Promise.resolve()

  /** The setting, or what a command asked for after the setting was last changed. */
  async function wantedAlgorithm(): Promise<SigningAlgorithm> {
    const known = (await settings.get(setting)) as Record<string, unknown> | undefined
    if (known?.['configured'] === options.algorithm && isSigningAlgorithm(known['wanted'])) {
      return known['wanted']
    }
    await remember(options.algorithm)
    return options.algorithm
  }

  /** Changes run one after the other, also after one that failed. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work)
    turn = next.catch(() => undefined)
    return next
  }

  const create = async (state: 'active' | 'next'): Promise<void> => {
    const privateJwk = await generateSigningKey(wanted)
    await store.create({ kid: privateJwk['kid'] ?? '', alg: wanted, state, privateJwk })
  }

  async function reload(): Promise<void> {
    const stored = await store.list()
    if (!stored.some(({ state }) => state === 'active')) await create('active')
    const next = stored.filter(({ state }) => state === 'next')
    for (const { kid, alg } of next) if (alg !== wanted) await store.remove(kid)
    if (!next.some(({ alg }) => alg === wanted)) await create('next')
    keys = Object.freeze((await store.list()).map(loadKey))
  }

  async function changed(): Promise<void> {
    await reload()
    for (const listener of listeners) listener()
  }

  function current(): { active: LoadedSigningKey; next: LoadedSigningKey } {
    const [active, next] = keys
    if (active?.state !== 'active' || next?.state !== 'next') {
      throw new Error('the keystore has lost its active or next key')
    }
    return { active, next }
  }

  function dueRotation(): { atMs: number; reason: 'algorithm' | 'age' } | undefined {
    const { active, next } = current()
    if (next.alg !== active.alg) return { atMs: next.sinceMs + announcementMs, reason: 'algorithm' }
    if (options.maxAgeSeconds === 0) return undefined
    return { atMs: active.sinceMs + options.maxAgeSeconds * 1000, reason: 'age' }
  }

  async function promote(reason: SigningKeyRotation['reason']): Promise<SigningKeyRotation> {
    const before = current()
    await store.promote(before.next.kid)
    await changed()
    const { active, next } = current()
    return {
      signing_kid: active.kid,
      alg: active.alg,
      next_kid: next.kid,
      retired_kid: before.active.kid,
      reason,
    }
  }

  async function rotate(alg?: SigningAlgorithm): Promise<SigningKeyRotation> {
    if (alg === undefined || alg === current().next.alg) return promote('command')
    await remember(alg)
    wanted = alg
    await changed()
    const { active, next } = current()
    const due = dueRotation()
    return {
      signing_kid: active.kid,
      alg: active.alg,
      next_kid: next.kid,
      ...(due?.reason === 'algorithm' && { next_signs_from_ms: due.atMs }),
      reason: 'command',
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
    if (gone.length > 0) await changed()
    const due = dueRotation()
    return due !== undefined && due.atMs <= clock() ? promote(due.reason) : undefined
  }

  await reload()
  return {
    keys: () => keys,
    find: (kid) => keys.find((key) => key.kid === kid),
    rotate: (alg) => inTurn(() => rotate(alg)),
    maintain: () => inTurn(maintain),
    rotationDueMs: () => dueRotation()?.atMs,
    onChange: (listener) => void listeners.push(listener),
  }
}

function loadKey({ kid, alg, state, privateJwk, ...times }: SigningKey): LoadedSigningKey {
  if (!isSigningAlgorithm(alg)) throw new Error('a signing key has an unknown algorithm')
  const { createdAtMs, activatedAtMs, retiredAtMs } = times
  const since = { next: createdAtMs, active: activatedAtMs, retired: retiredAtMs }[state]
  return { kid, alg, state, sinceMs: since ?? createdAtMs, ...readSigningKey(privateJwk) }
}
