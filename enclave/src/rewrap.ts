import { EnclaveError } from '@holdfast/protocol/channel'
import type { RewrapHead } from '@holdfast/protocol/enclave'
import type { Keyring } from './keyring.ts'
import { openRecord, sealRecord } from './vault-record.ts'

/**
 * Writes a record anew, under the current storage key and with another policy. What the owner sealed
 * (hosts, pins) stays as it is.
 *
 * @throws EnclaveError `DECRYPTION_FAILED`, `INVALID_REQUEST` when the version is not the next one
 */
export function rewrap(keyring: Keyring, head: RewrapHead, record: Uint8Array): Buffer {
  const { context, policy, version } = head
  if (version !== context.version + 1) {
    throw new EnclaveError('INVALID_REQUEST', 'the new version must be one more than the old one')
  }
  const opened = openRecord(keyring, context, record)
  try {
    return sealRecord(keyring, { ...context, policy, version }, opened.plaintext)
  } finally {
    opened.wipe()
  }
}
