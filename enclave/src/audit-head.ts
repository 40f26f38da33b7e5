import { auditHeadSignedBytes } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { AuditHead, SignedAuditHead } from '@holdfast/protocol/enclave'
import { signWithIdentity } from './key-pairs.ts'
import { identityOf } from './key-set.ts'
import type { Keyring } from './keyring.ts'

const saveDelayMs = 1000

/**
 * How far a head may be ahead of the one before: more than any log grows in the time between. A head near
 * the largest number would be the last one that can ever be signed.
 */
const maxAdvance = 1_000_000
const maxRecordsPerMs = 50

/** Signs the heads of the audit chain and never lets the chain go back or fork. */
export class AuditHeadSigner {
  readonly #keyring: Keyring
  readonly #onSaveFailed: () => void
  /** When the latest head was signed, by the clock that only goes forward. */
  #signedAtMs = performance.now()
  #timer: NodeJS.Timeout | undefined

  /** @param onSaveFailed - told when the latest head could not be made durable */
  constructor(keyring: Keyring, onSaveFailed: () => void) {
    this.#keyring = keyring
    this.#onSaveFailed = onSaveFailed
  }

  /**
   * Signs a head. The same head again gets the same signature.
   *
   * @throws EnclaveError `HEAD_REFUSED` for a lower sequence number, another hash at the same one, or one that
   *   is too far ahead
   */
  sign(head: AuditHead): SignedAuditHead {
    const latest = this.#keyring.auditHead
    if (latest && head.seq < latest.seq) {
      throw new EnclaveError('HEAD_REFUSED', 'a later head of the audit chain was signed before')
    }
    if (latest && head.seq === latest.seq) {
      if (head.hash === latest.hash) return latest
      throw new EnclaveError(
        'HEAD_REFUSED',
        'another audit record with this sequence number was signed before',
      )
    }
    if (latest && head.seq - latest.seq > maxAdvance + this.#sinceSigned() * maxRecordsPerMs) {
      throw new EnclaveError('HEAD_REFUSED', 'no audit chain grows that far between two heads')
    }
    const { seq, hash, time } = head
    const signature = signWithIdentity(
      this.#keyring.identity,
      auditHeadSignedBytes({ seq, hash, time }),
    )
    const signed = { seq, hash, time, key_id: identityOf(this.#keyring), signature }
    this.#keyring.rememberAuditHead(signed)
    this.#signedAtMs = performance.now()
    this.#timer ??= setTimeout(() => this.#save(), saveDelayMs).unref()
    return signed
  }

  get latest(): SignedAuditHead | null {
    return this.#keyring.auditHead
  }

  /** Makes the latest head durable now. */
  async flush(): Promise<void> {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#keyring.save()
  }

  #sinceSigned(): number {
    return performance.now() - this.#signedAtMs
  }

  #save(): void {
    this.#timer = undefined
    this.#keyring.save().catch(() => this.#onSaveFailed())
  }
}
