import { recordEvent } from '../audit/recorder.ts'
import type { Actor, ConnectionParts } from '../connections/parts.ts'

/** Records that an owner tried a connection; a `code` in the detail says that the call failed. */
export const recordTest = (
  { storage }: ConnectionParts,
  actor: Actor,
  handle: string,
  detail: Record<string, string | number>,
): Promise<unknown> =>
  recordEvent(storage.audit, {
    type: 'connection.tested',
    outcome: 'code' in detail ? 'failed' : 'success',
    actor: actor.sub,
    client: actor.clientId,
    connection: handle,
    request_id: actor.requestId,
    detail,
  })
