import { deepFreeze, isTokenKind, type RecordContext } from '@holdfast/protocol'
import type { Connection, Storage } from '@holdfast/storage'
import { ConnectionError } from '../connections/errors.ts'
import { recordContext } from '../connections/record-context.ts'
import type { RenewableToken } from '../connections/refresh.ts'
import { DispatchRefusal } from './refusal.ts'

/** A connection that is ready to be used. */
export interface UsableConnection {
  /** What the record must be bound to. */
  readonly context: RecordContext
  /** The vault record. */
  readonly record: Uint8Array
  /** The sealed credential accepts calls of certain DPoP keys only. */
  readonly pinsKeys: boolean
  /** Present for credentials whose token is renewed. */
  readonly token?: UsableToken | undefined
}

/** What decides whether a token is renewed before its use. */
export interface UsableToken {
  readonly refreshAtMs: number | undefined
  readonly seen: RenewableToken
}

/**
 * Loads the connection behind a handle and checks that its owner is the user and that it may be used.
 * Read anew for every call: a pause or a revocation holds from the next request on.
 *
 * @throws DispatchRefusal `CONNECTION_NOT_FOUND`, `ORG_MISMATCH`, `CONNECTION_REVOKED`,
 *   `CONNECTION_SUSPENDED`, `DOWNSTREAM_AUTH_FAILURE`, `DECRYPTION_FAILED`
 */
export async function loadConnection(
  connections: Pick<Storage['connections'], 'find'>,
  handle: string,
  owner: string,
): Promise<UsableConnection> {
  const connection = await connections.find(handle)
  if (!connection) {
    throw new DispatchRefusal('CONNECTION_NOT_FOUND', 'there is no connection with this handle')
  }
  if (connection.owner !== owner) {
    throw new DispatchRefusal('ORG_MISMATCH', 'the connection belongs to another user')
  }
  if (connection.status === 'revoked') {
    throw new DispatchRefusal('CONNECTION_REVOKED', 'the connection was revoked by its owner')
  }
  if (connection.status === 'paused') {
    throw new DispatchRefusal('CONNECTION_SUSPENDED', 'the connection is paused by its owner')
  }
  if (connection.status === 'needs_reconnect') {
    throw new DispatchRefusal(
      'DOWNSTREAM_AUTH_FAILURE',
      'the provider no longer accepts this connection; its owner must reconnect it',
    )
  }
  if (!connection.record || connection.purpose === 'oauth_app') {
    throw new DispatchRefusal(
      'CONNECTION_NOT_FOUND',
      'no credential was uploaded for this connection yet',
    )
  }
  return usable(connection, connection.record)
}

/** What was made of a connection; storage hands out the same object until the connection changes. */
const made = new WeakMap<Connection, UsableConnection>()

function usable(connection: Connection, record: Uint8Array): UsableConnection {
  const known = made.get(connection)
  if (known) return known
  const pinsKeys = pinnedKeys(connection)
  const token = tokenOf(connection)
  const ready = Object.freeze({ context: contextOf(connection), record, pinsKeys, token })
  made.set(connection, ready)
  return ready
}

function contextOf(connection: Connection): RecordContext {
  try {
    return deepFreeze(recordContext(connection))
  } catch (error) {
    if (error instanceof ConnectionError)
      throw new DispatchRefusal('DECRYPTION_FAILED', error.message)
    throw error
  }
}

function tokenOf(connection: Connection): UsableToken | undefined {
  const { kind } = connection
  if (kind === undefined || !isTokenKind({ kind })) return undefined
  const { handle, recordVersion, tokenExpiresAtMs, tokenRefreshAtMs } = connection
  return {
    refreshAtMs: tokenRefreshAtMs,
    seen: { handle, recordVersion, tokenExpiresAtMs, tokenRefreshAtMs },
  }
}

/** Read from what the enclave said at upload; it checks the pins themselves in the sealed record. */
function pinnedKeys({ summary }: Connection): boolean {
  const pins = summary?.['pins']
  return typeof pins === 'object' && pins !== null && 'dpop_jkts' in pins
}
