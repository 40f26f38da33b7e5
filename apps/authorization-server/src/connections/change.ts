import type { ConnectionPolicy } from '@holdfast/protocol'
import { type ConnectionInfo, StorageError } from '@holdfast/storage'
import { type AuditEventType, recordEvent } from '../audit/recorder.ts'
import { ConnectionError } from './errors.ts'
import { findOwned } from './find-owned.ts'
import type { Actor, ConnectionParts } from './parts.ts'
import { canonicalPolicy, policyJson } from './policy.ts'
import { recordContext } from './record-context.ts'

/** What the owner may change without sealing again. */
export interface ConnectionChanges {
  readonly label?: string | undefined
  readonly policy?: ConnectionPolicy | undefined
  readonly status?: 'active' | 'paused' | undefined
}

/**
 * Changes a connection; a new policy is bound into the vault record by the enclave.
 *
 * @throws ConnectionError `CONNECTION_NOT_FOUND`, `CONNECTION_REVOKED`, `CONNECTION_HAS_NO_CREDENTIAL`,
 *   `CONNECTION_NEEDS_RECONNECT`, `CONNECTION_CHANGED`
 * @throws EnclaveError `ENCLAVE_UNAVAILABLE`, `DECRYPTION_FAILED`
 */
export async function changeConnection(
  parts: ConnectionParts,
  actor: Actor,
  handle: string,
  { policy, label, status }: ConnectionChanges,
): Promise<ConnectionInfo> {
  const before = await findOwned(parts, actor, handle)
  if (before.status === 'revoked') {
    throw new ConnectionError('CONNECTION_REVOKED', 'this connection was revoked for good')
  }
  if (before.status === 'reserved') {
    throw new ConnectionError(
      'CONNECTION_HAS_NO_CREDENTIAL',
      'upload the credential before changing the connection',
    )
  }
  if (before.status === 'needs_reconnect' && status === 'active') {
    throw new ConnectionError(
      'CONNECTION_NEEDS_RECONNECT',
      'the provider no longer accepts this connection: its owner must reconnect it',
    )
  }
  if (policy) await changePolicy(parts, actor, handle, policy)
  if (label !== undefined || status !== undefined) {
    await parts.storage.connections.update(handle, { label, status })
    if (label !== undefined) await audit(parts, actor, handle, 'connection.updated')
    if (status !== undefined && status !== before.status) {
      const type = status === 'paused' ? 'connection.paused' : 'connection.resumed'
      await audit(parts, actor, handle, type)
    }
  }
  return findOwned(parts, actor, handle)
}

async function changePolicy(
  parts: ConnectionParts,
  actor: Actor,
  handle: string,
  wanted: ConnectionPolicy,
): Promise<void> {
  const { storage, enclave } = parts
  const connection = await findOwned(parts, actor, handle)
  if (!connection.record) {
    throw new ConnectionError('CONNECTION_HAS_NO_CREDENTIAL', 'the connection has no credential')
  }
  const policy = await canonicalPolicy(storage.resources, wanted)
  const context = recordContext(connection)
  const version = context.version + 1
  const record = await enclave.rewrap({ context, policy, version }, connection.record)
  try {
    await storage.connections.replaceRecord(handle, {
      expectedVersion: context.version,
      version,
      record,
      policy: policyJson(policy),
    })
  } catch (error) {
    if (error instanceof StorageError && error.code === 'VERSION_CONFLICT') {
      throw new ConnectionError('CONNECTION_CHANGED', 'the connection changed meanwhile', {
        cause: error,
      })
    }
    throw error
  }
  await audit(parts, actor, handle, 'connection.policy_changed', {
    version,
    methods: policy.methods.join(' '),
    paths: policy.paths.join(' '),
    resources: policy.resources.join(' '),
  })
}

const audit = (
  { storage }: ConnectionParts,
  actor: Actor,
  handle: string,
  type: AuditEventType,
  detail?: Record<string, string | number>,
) =>
  recordEvent(storage.audit, {
    type,
    outcome: 'success',
    actor: actor.sub,
    client: actor.clientId,
    connection: handle,
    request_id: actor.requestId,
    detail,
  })
