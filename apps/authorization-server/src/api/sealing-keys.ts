import type { EnclaveKeys } from '@holdfast/protocol/enclave'
import type { EnclaveClient } from '../enclave-client/client.ts'

/** The enclave's public keys, remembered for a short time. */
export interface SealingKeys {
  /** @throws EnclaveError `ENCLAVE_UNAVAILABLE` when none are remembered */
  current(): Promise<EnclaveKeys>
  /** Asks the enclave for a new sealing key. @throws EnclaveError `ENCLAVE_UNAVAILABLE` */
  rotate(): Promise<EnclaveKeys>
}

/** How long an answer of the enclave serves, also as `max-age` for clients. */
export const sealingKeysMaxAgeSeconds = 60

/** Makes the memory of the enclave's keys; callers at the same time share one question. */
export function createSealingKeys(
  enclave: Pick<EnclaveClient, 'keys' | 'rotateSealingKey'>,
  clock: () => number,
): SealingKeys {
  let known: { readonly keys: EnclaveKeys; readonly untilMs: number } | undefined
  let asking: Promise<EnclaveKeys> | undefined

  const remember = (keys: EnclaveKeys): EnclaveKeys => {
    known = { keys, untilMs: clock() + sealingKeysMaxAgeSeconds * 1000 }
    return keys
  }

  return {
    async current() {
      if (known && known.untilMs > clock()) return known.keys
      asking ??= enclave
        .keys()
        .then(remember)
        .finally(() => (asking = undefined))
      return asking
    },
    rotate: async () => remember(await enclave.rotateSealingKey()),
  }
}
