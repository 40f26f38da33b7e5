import { type IdentitySuccession, successionSignedBytes } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { SignedAuditHead } from '@holdfast/protocol/enclave'
import { Journal } from './journal.ts'
import {
  createEncryptionKey,
  createIdentityKey,
  createSealingKey,
  createStorageKey,
  sealingKeyLifeSeconds,
  signWithIdentity,
} from './key-pairs.ts'
import {
  decodeKeyring,
  encodeKeyring,
  type EncryptionKeyPair,
  type IdentityKey,
  type KeyringState,
  type SealingKeyPair,
  type StorageKey,
} from './keyring-state.ts'
import { deriveKey } from './root-key.ts'

/** A new sealing key is made when the current one has less than this left: clients overlap. */
const renewalLeadSeconds = sealingKeyLifeSeconds / 3

/** How long after its expiry a sealing key still opens what was sealed to it in time. */
const lateUploadSeconds = 7 * 86_400

/** Sealing keys that clients are shown. */
const publishedSealingKeys = 5

/** What the state file has room for, by far. */
const maxSealingKeys = 200
const maxSuccessions = 100

/** A key was shown until enough newer ones were there, and what was sealed to it until then may be late. */
const isNeededAt =
  (now: number) =>
  (_key: SealingKeyPair, index: number, all: readonly SealingKeyPair[]): boolean => {
    const successor = all[index - publishedSealingKeys]
    return successor === undefined || now < successor.notBefore + lateUploadSeconds
  }

/** Options of {@link openKeyring}. */
export interface KeyringOptions {
  /** File opened for reading and writing with `O_DSYNC`. */
  readonly stateFd: number
  readonly rootKey: Uint8Array
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/**
 * Opens the keyring in a state file, or creates it in an empty one.
 *
 * @throws JournalError when the file was written under another root key or was changed
 */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const { journal, content } = Journal.open(
    options.stateFd,
    deriveKey(options.rootKey, 'holdfast/keyring/v1'),
  )
  const now = options.now ?? Date.now
  const keyring = new Keyring(journal, content ? decodeKeyring(content) : newState(now()), now)
  content?.fill(0)
  if (!content) await keyring.save()
  await keyring.maintain()
  return keyring
}

function newState(now: number): KeyringState {
  return {
    identity: createIdentityKey(),
    succession: [],
    sealing: [createSealingKey(Math.floor(now / 1000))],
    encryption: [],
    storage: [createStorageKey(1)],
    auditHead: null,
  }
}

/** The enclave's keys. Every change is durable before the promise of its method resolves. */
export class Keyring {
  readonly #journal: Journal
  readonly #now: () => number
  #state: KeyringState
  #encryption: Promise<readonly EncryptionKeyPair[]> | undefined

  constructor(journal: Journal, state: KeyringState, now: () => number) {
    this.#journal = journal
    this.#state = state
    this.#now = now
  }

  get identity(): IdentityKey {
    return this.#state.identity
  }

  get succession(): readonly IdentitySuccession[] {
    return this.#state.succession
  }

  /** Sealing keys that still open, newest first. */
  get sealingKeys(): readonly SealingKeyPair[] {
    return this.#state.sealing
  }

  /** Sealing keys that may still be sealed to, newest first. */
  get publishedSealingKeys(): readonly SealingKeyPair[] {
    const now = this.#nowSeconds()
    return this.#state.sealing
      .filter(({ expiresAt }) => now < expiresAt)
      .slice(0, publishedSealingKeys)
  }

  /** The storage key for new records. */
  get currentStorageKey(): StorageKey {
    return this.#state.storage[0] as StorageKey
  }

  get auditHead(): SignedAuditHead | null {
    return this.#state.auditHead
  }

  storageKey(version: number): StorageKey | undefined {
    return this.#state.storage.find((key) => key.version === version)
  }

  /** RSA keys for Dedalus clients, made on first use. */
  encryptionKeys(): Promise<readonly EncryptionKeyPair[]> {
    this.#encryption ??= this.#loadEncryptionKeys().catch((error: unknown) => {
      this.#encryption = undefined
      throw error
    })
    return this.#encryption
  }

  /** Renews the sealing key ahead of its expiry and drops keys whose late uploads are over. */
  async maintain(): Promise<void> {
    const now = this.#nowSeconds()
    const { sealing } = this.#state
    const kept = sealing.filter(({ expiresAt }) => now < expiresAt + lateUploadSeconds)
    const isDue = !kept.some(({ expiresAt }) => now + renewalLeadSeconds < expiresAt)
    if (!isDue && kept.length === sealing.length) return
    await this.#change({ sealing: isDue ? [createSealingKey(now), ...kept] : kept })
    for (const { privateKey } of sealing.filter((key) => !kept.includes(key))) privateKey.fill(0)
  }

  /**
   * Puts a new sealing key in front. Where there are very many, those that nobody can have sealed to
   * of late are dropped.
   *
   * @throws EnclaveError when all of them may still be needed: what is under way comes first
   */
  async rotateSealingKey(): Promise<void> {
    const now = this.#nowSeconds()
    const { sealing } = this.#state
    const kept = sealing.length < maxSealingKeys ? sealing : sealing.filter(isNeededAt(now))
    if (kept.length >= maxSealingKeys) {
      throw new EnclaveError(
        'INTERNAL',
        'the sealing key was rotated so often that every older key may still be needed: try again in a week',
      )
    }
    await this.#change({ sealing: [createSealingKey(now), ...kept] })
    for (const { privateKey } of sealing.filter((key) => !kept.includes(key))) privateKey.fill(0)
  }

  /** Puts a new storage key in front; records under older ones stay readable. */
  async rotateStorageKey(): Promise<void> {
    const next = createStorageKey(this.currentStorageKey.version + 1)
    await this.#change({ storage: [next, ...this.#state.storage] })
  }

  /** Hands over to a new identity, by a statement that the old one signs as its last act. */
  async rotateIdentity(): Promise<void> {
    const { identity: previous, succession } = this.#state
    const identity = createIdentityKey()
    const step = {
      previous: Buffer.from(previous.publicKey).toString('base64url'),
      next: Buffer.from(identity.publicKey).toString('base64url'),
      at: this.#nowSeconds(),
    }
    const signature = signWithIdentity(previous, successionSignedBytes(step))
    await this.#change({
      identity,
      succession: [...succession, { ...step, signature }].slice(-maxSuccessions),
    })
    previous.privateKey.fill(0)
  }

  /** Remembers an audit head in memory; {@link save} makes it durable. */
  rememberAuditHead(auditHead: SignedAuditHead): void {
    this.#state = { ...this.#state, auditHead }
  }

  /** Writes the present state. */
  async save(): Promise<void> {
    const encoded = encodeKeyring(this.#state)
    try {
      await this.#journal.write(encoded)
    } finally {
      encoded.fill(0)
    }
  }

  async #loadEncryptionKeys(): Promise<readonly EncryptionKeyPair[]> {
    if (this.#state.encryption.length === 0) {
      await this.#change({ encryption: [await createEncryptionKey()] })
    }
    return this.#state.encryption
  }

  // The new state counts at once, so that changes that overlap build on each other; nothing is
  // published before the write is durable, because every publisher awaits it.
  async #change(part: Partial<KeyringState>): Promise<void> {
    this.#state = { ...this.#state, ...part }
    await this.save()
  }

  #nowSeconds(): number {
    return Math.floor(this.#now() / 1000)
  }
}
