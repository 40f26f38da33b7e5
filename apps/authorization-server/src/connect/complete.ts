import { EnclaveError } from '@holdfast/protocol/channel'
import type { CompleteAuthorizationHead } from '@holdfast/protocol/enclave'
import { type ConnectionInfo, type PendingAuthorization, StorageError } from '@holdfast/storage'
import { recordEvent } from '../audit/recorder.ts'
import { boundRecord, requireApp } from '../connections/bound-record.ts'
import { ConnectionError } from '../connections/errors.ts'
import { recordContext } from '../connections/record-context.ts'
import { rewrapTo } from '../connections/rewrap-to.ts'
import { timesOf } from '../connections/token-times.ts'
import type { AppContext } from '../context.ts'
import type { TokenAnswer } from '../enclave-client/client.ts'

type Parts = Pick<AppContext, 'storage' | 'enclave' | 'clock' | 'tokenMaintenance'>

/** Changes of a connection while its owner was at the provider, before nobody tries any longer. */
const maxConflicts = 5

/**
 * Has the enclave redeem what the provider sent back and stores the connection's tokens, sealed.
 *
 * @throws EnclaveError `AUTHORIZATION_REFUSED`, `TOKEN_REFUSED`, `DOWNSTREAM_*`, `ENCLAVE_UNAVAILABLE`
 * @throws ConnectionError `CONNECTION_REVOKED`, `OAUTH_APP_NOT_FOUND`
 */
export async function completeAuthorization(
  parts: Parts,
  pending: PendingAuthorization,
  response: CompleteAuthorizationHead['response'],
  requestId: string,
): Promise<ConnectionInfo> {
  try {
    const stored = await redeemAndStore(parts, pending, response)
    await audit(parts, pending, requestId, { version: stored.recordVersion })
    return stored
  } catch (error) {
    const isKnown = error instanceof EnclaveError || error instanceof ConnectionError
    await audit(parts, pending, requestId, {}, isKnown ? error.code : 'INTERNAL')
    throw error
  }
}

async function redeemAndStore(
  { storage, enclave, clock, tokenMaintenance }: Parts,
  { handle, owner, appHandle, pending }: PendingAuthorization,
  response: CompleteAuthorizationHead['response'],
): Promise<ConnectionInfo> {
  const { connections } = storage
  const connection = await connections.find(handle)
  const user = await storage.users.find(owner)
  const isUsable =
    connection?.owner === owner && connection.status !== 'revoked' && user?.status === 'active'
  if (!isUsable) throw revoked()
  const app = await requireApp(connections, appHandle)
  const boundApp = boundRecord(app)!
  let context = recordContext(connection, connection.recordVersion + 1)
  const answer: TokenAnswer = await enclave.completeAuthorization(
    { context, response },
    pending,
    boundApp,
  )
  let { record } = answer
  const { facts } = answer
  for (let conflicts = 0; ; conflicts++) {
    try {
      return await connections.storeTokens(handle, {
        expectedVersion: context.version - 1,
        version: context.version,
        record,
        kind: 'oauth2',
        summary: {
          pins: app.summary?.['pins'] ?? {},
          scopes: [...facts.scopes],
          authorized_at_ms: clock(),
        },
        tokens: timesOf(facts, clock()),
      })
    } catch (error) {
      if (isCode(error, 'NOT_FOUND')) {
        await connections.endLateTokens({ handle, owner, context, record, app: boundApp })
        tokenMaintenance.kick()
        throw revoked(error)
      }
      const isConflict = isCode(error, 'VERSION_CONFLICT')
      const current = await connections.find(handle)
      if (!isConflict || !current || conflicts >= maxConflicts) throw error
      // The code is spent: what it gave is bound to what the connection is now.
      const { policy } = recordContext(current)
      const version = current.recordVersion + 1
      ;({ context, record } = await rewrapTo({ enclave }, { context, record }, policy, version))
    }
  }
}

const isCode = (error: unknown, code: StorageError['code']): boolean =>
  error instanceof StorageError && error.code === code

const revoked = (cause?: unknown): ConnectionError =>
  new ConnectionError('CONNECTION_REVOKED', 'the connection was revoked', { cause })

const audit = (
  { storage }: Parts,
  { handle, owner, appHandle }: PendingAuthorization,
  requestId: string,
  detail: Record<string, string | number>,
  code?: string,
) =>
  recordEvent(storage.audit, {
    type: code === undefined ? 'connection.authorized' : 'connection.authorization_refused',
    outcome: code === undefined ? 'success' : 'failed',
    actor: owner,
    connection: handle,
    request_id: requestId,
    detail: { app: appHandle, ...detail, ...(code !== undefined && { code }) },
  })
