import type { RecordContext } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { IngestHead, IngestResult } from '@holdfast/protocol/enclave'
import { type Connection, type ConnectionInfo, StorageError } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import { ConnectionError } from './errors.ts'
import { findOwned } from './find-owned.ts'
import type { Actor, ConnectionParts } from './parts.ts'
import { recordContext } from './record-context.ts'
import { timesOfUpload } from './token-times.ts'

/** A sealed credential as it was uploaded. */
export interface Upload {
  readonly form: IngestHead['form']
  /** Id of the sealing key that was used. */
  readonly kid?: string | undefined
  readonly sealed: Uint8Array
  /** The one-time nonce of the reservation. */
  readonly nonce: string
}

/**
 * Has the enclave check an uploaded credential and stores the vault record that it returns. Of many
 * uploads with one nonce exactly one is stored.
 *
 * @throws ConnectionError `CONNECTION_NOT_FOUND`, `CONNECTION_REVOKED`, `UPLOAD_NONCE_INVALID`,
 *   `CREDENTIAL_REFUSED`, `CONNECTION_CHANGED`
 * @throws EnclaveError `ENCLAVE_UNAVAILABLE`
 */
export async function uploadCredential(
  parts: ConnectionParts,
  actor: Actor,
  handle: string,
  upload: Upload,
): Promise<ConnectionInfo> {
  const connection = await findOwned(parts, actor, handle)
  if (connection.status === 'revoked') {
    throw new ConnectionError('CONNECTION_REVOKED', 'this connection was revoked for good')
  }
  try {
    const stored = await ingestAndStore(parts, connection, upload)
    await audit(parts, actor, connection, { version: stored.recordVersion, form: upload.form })
    return stored
  } catch (error) {
    const refusal = asRefusal(error)
    await audit(parts, actor, connection, { form: upload.form }, refusal)
    throw refusal
  }
}

async function ingestAndStore(
  { storage, enclave }: ConnectionParts,
  connection: Connection,
  { form, kid, sealed, nonce }: Upload,
): Promise<ConnectionInfo> {
  const { handle, recordVersion, baseUrl } = connection
  if (!(await storage.connections.checkUpload(handle, nonce))) throw nonceInvalid()
  const context = recordContext(connection, recordVersion + 1)
  const head = { form, kid, upload_nonce: nonce, context, base_url: baseUrl }
  const { result, record } =
    form === 'dedalus-v1'
      ? await onlyOnce(storage, sealed, () => enclave.ingest(head, sealed))
      : await enclave.ingest(head, sealed)
  requireSameHosts(context, result)
  requirePurpose(connection, result)
  return storage.connections.completeUpload(handle, nonce, {
    expectedVersion: recordVersion,
    version: context.version,
    record,
    kind: result.kind,
    summary: { pins: { ...result.pins }, ...(result.app && { app: { ...result.app } }) },
    baseUrl: result.base_url,
    tokens: timesOfUpload(result.kind),
  })
}

/**
 * This form does not say for whom it was encrypted: whoever kept an old one, from a backup or a capture,
 * could have it bound to a connection and hosts of their own.
 */
async function onlyOnce<T>(
  { usedEnvelopes }: ConnectionParts['storage'],
  envelope: Uint8Array,
  ingest: () => Promise<T>,
): Promise<T> {
  if (!(await usedEnvelopes.take(envelope))) {
    throw new ConnectionError(
      'CREDENTIAL_REFUSED',
      'this envelope was uploaded before; encrypt the credential anew for every upload',
    )
  }
  try {
    return await ingest()
  } catch (error) {
    // Nobody opened it: the same upload may be tried again.
    if (error instanceof EnclaveError && error.code === 'ENCLAVE_UNAVAILABLE') {
      await usedEnvelopes.release(envelope)
    }
    throw error
  }
}

function requirePurpose({ purpose, appHandle }: Connection, { kind }: IngestResult): void {
  const fits = (purpose === 'oauth_app') === (kind === 'oauth2_app') && appHandle === undefined
  if (fits) return
  throw new ConnectionError(
    'CREDENTIAL_REFUSED',
    appHandle === undefined
      ? 'an OAuth app and a credential are reserved differently; this handle is for the other one'
      : 'this connection gets its credential by signing in at the provider',
  )
}

// The record is bound to the hosts of the reservation; other hosts would make it unopenable later.
function requireSameHosts(context: RecordContext, result: IngestResult): void {
  const allowed = new Set(result.allowed_hosts)
  if (
    allowed.size === context.allowed_hosts.length &&
    context.allowed_hosts.every((host) => allowed.has(host))
  ) {
    return
  }
  throw new ConnectionError(
    'CREDENTIAL_REFUSED',
    'the credential is sealed for other hosts than the connection; seal it for the reserved base URL',
  )
}

const nonceInvalid = (): ConnectionError =>
  new ConnectionError(
    'UPLOAD_NONCE_INVALID',
    'the upload nonce is unknown, used or expired; open a new upload',
  )

function asRefusal(error: unknown): unknown {
  if (error instanceof StorageError) {
    if (error.code === 'ONE_TIME_KEY_INVALID') return nonceInvalid()
    if (error.code === 'VERSION_CONFLICT') {
      return new ConnectionError('CONNECTION_CHANGED', 'the connection changed during the upload')
    }
  }
  if (error instanceof EnclaveError && credentialFaults.has(error.code)) {
    return new ConnectionError('CREDENTIAL_REFUSED', error.message, { cause: error })
  }
  return error
}

/** What the enclave finds wrong with the upload itself, as opposed to failing at its work. */
const credentialFaults: ReadonlySet<string> = new Set([
  'INVALID_ENVELOPE',
  'WRONG_KEY',
  'BINDING_MISMATCH',
  'UPLOAD_NONCE_MISMATCH',
  'HOST_NOT_ALLOWED',
  'DECRYPTION_FAILED',
  'INVALID_REQUEST',
  'BAD_REQUEST',
])

const audit = (
  { storage }: ConnectionParts,
  actor: Actor,
  connection: Connection,
  detail: Record<string, string | number>,
  error?: unknown,
) =>
  recordEvent(storage.audit, {
    type: error === undefined ? 'connection.sealed' : 'connection.upload_refused',
    outcome: error === undefined ? 'success' : 'denied',
    actor: actor.sub,
    client: actor.clientId,
    connection: connection.handle,
    request_id: actor.requestId,
    detail: error === undefined ? detail : { ...detail, code: codeOf(error) },
  })

const codeOf = (error: unknown): string =>
  error instanceof ConnectionError || error instanceof EnclaveError ? error.code : 'INTERNAL'
