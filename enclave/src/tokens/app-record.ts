import type { OAuthApp, RecordContext } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { Keyring } from '../keyring.ts'
import { type OpenedRecord, openRecord } from '../vault-record.ts'

/** An opened OAuth app. Wipe its record as soon as the request is made. */
export interface OpenedApp {
  readonly app: OAuthApp
  readonly handle: string
  readonly record: OpenedRecord
}

/**
 * Opens the vault record of an OAuth app.
 *
 * @throws EnclaveError `DECRYPTION_FAILED`, `BINDING_MISMATCH` for another kind of credential
 */
export function openApp(keyring: Keyring, context: RecordContext, bytes: Uint8Array): OpenedApp {
  const record = openRecord(keyring, context, bytes)
  const { credential } = record.envelope.header
  if (credential.kind === 'oauth2_app') return { app: credential, handle: context.handle, record }
  record.wipe()
  throw new EnclaveError('BINDING_MISMATCH', 'the credential named as OAuth app is none')
}

/**
 * Requires that a connection may have tokens of an app: the hosts that get them are those that the
 * app's administrator sealed, whatever the database says.
 *
 * @throws EnclaveError `BINDING_MISMATCH`, `HOST_NOT_ALLOWED`
 */
export function requireReach({ record }: OpenedApp, context: RecordContext): void {
  const { binding } = record.envelope.header
  if (binding.provider !== context.provider) {
    throw new EnclaveError('BINDING_MISMATCH', 'the OAuth app belongs to another provider')
  }
  const { allowed_hosts: allowed } = binding
  const isSame =
    allowed.length === context.allowed_hosts.length &&
    allowed.every((host) => context.allowed_hosts.includes(host))
  if (!isSame) {
    throw new EnclaveError(
      'HOST_NOT_ALLOWED',
      'the OAuth app was sealed for other hosts than the connection names',
    )
  }
}
