import { type RecordContext, recordContextSchema } from '@holdfast/protocol'
import type { ConnectionInfo } from '@holdfast/storage'
import { ConnectionError } from './errors.ts'

/**
 * What the connection's vault record is bound to, as the database tells it. The enclave opens the
 * record only when this is what it was written with.
 *
 * @throws ConnectionError `RECORD_UNREADABLE` when the row does not even have the form of a context
 */
export function recordContext(
  connection: ConnectionInfo,
  version: number = connection.recordVersion,
): RecordContext {
  const context = recordContextSchema.safeParse({
    handle: connection.handle,
    owner: connection.owner,
    provider: connection.provider,
    allowed_hosts: connection.allowedHosts,
    policy: connection.policy,
    version,
  })
  if (context.success) return context.data
  throw new ConnectionError(
    'RECORD_UNREADABLE',
    'the stored connection is damaged; upload the credential again, and find out who edited the database',
  )
}
