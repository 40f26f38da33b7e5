import type { ChannelHandlers, ChannelRequestContext } from '@holdfast/protocol/channel'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { RefreshHead } from '@holdfast/protocol/enclave'
import { beginAuthorization } from './begin-authorization.ts'
import { completeAuthorization } from './complete-authorization.ts'
import { refresh, type TokenParts, type TokenRecords } from './refresh.ts'
import { revokeTokens } from './revoke.ts'

type Names = 'beginAuthorization' | 'completeAuthorization' | 'refresh' | 'revokeTokens'

/** Largest vault record or pending record. */
const maxRecordBytes = 131_072

/** The operations that talk to token endpoints. */
export function tokenOperations(parts: TokenParts): Pick<ChannelHandlers, Names> {
  return {
    beginAuthorization: async (head, { body }) =>
      beginAuthorization(parts, head, await body.bytes(maxRecordBytes)),
    completeAuthorization: async (head, context) => {
      const [pending, app] = await split(context, head.pending_bytes, head.app.record_bytes)
      return completeAuthorization(parts, head, { pending, app })
    },
    refresh: async (head, context) => refresh(parts, head, await recordsOf(head, context)),
    revokeTokens: async (head, context) => ({
      head: await revokeTokens(parts, head, await recordsOf(head, context)),
    }),
  }
}

async function recordsOf(head: RefreshHead, context: ChannelRequestContext): Promise<TokenRecords> {
  const [record, app] = await split(context, head.record_bytes, head.app?.record_bytes ?? 0)
  return { record, app: head.app && app }
}

async function split(
  { body }: ChannelRequestContext,
  first: number,
  second: number,
): Promise<[Uint8Array, Uint8Array]> {
  if (Math.max(first, second) > maxRecordBytes) {
    throw new EnclaveError('INVALID_REQUEST', 'a record is too large')
  }
  const bytes = await body.bytes(first + second)
  if (bytes.length !== first + second) {
    throw new EnclaveError('INVALID_REQUEST', 'the records are not as long as announced')
  }
  return [bytes.subarray(0, first), bytes.subarray(first)]
}
