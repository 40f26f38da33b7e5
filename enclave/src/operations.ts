import type { ChannelHandlers, ChannelRequestContext } from '@holdfast/protocol/channel'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { EnclaveKeys, EnclaveStatus } from '@holdfast/protocol/enclave'
import type { AuditHeadSigner } from './audit-head.ts'
import { dispatch, type DispatchParts } from './dispatch.ts'
import { ingest } from './ingest.ts'
import { identityOf, publishKeys } from './key-set.ts'
import { rewrap } from './rewrap.ts'
import { tokenOperations } from './tokens/operations.ts'
import type { TokenParts } from './tokens/refresh.ts'

/** What the operations work with. */
export interface OperationParts extends DispatchParts, TokenParts {
  readonly auditHeads: AuditHeadSigner
  /** Largest request body of a dispatch. */
  readonly maxBodyBytes: number
  /** The part of `status` that does not change while the enclave runs. */
  readonly about: Pick<EnclaveStatus, 'version' | 'boot_id' | 'started_at' | 'isolation'>
}

/** Largest vault record or sealed credential. */
const maxRecordBytes = 131_072

/** The enclave's side of each operation. */
export function createOperations(parts: OperationParts): ChannelHandlers {
  const { keyring, auditHeads } = parts
  const keys = async (): Promise<{ head: EnclaveKeys }> => ({ head: await publishKeys(keyring) })
  return {
    status: async () => ({
      head: {
        ...parts.about,
        identity: identityOf(keyring),
        sealing_kids: keyring.publishedSealingKeys.map(({ kid }) => kid),
        storage_key_version: keyring.currentStorageKey.version,
      },
    }),
    keys,
    rotateSealingKey: async () => {
      await keyring.rotateSealingKey()
      return keys()
    },
    rotateIdentity: async () => {
      await keyring.rotateIdentity()
      return keys()
    },
    ingest: async (head, { body }) => {
      const sealed = await body.bytes(maxRecordBytes)
      const nowSeconds = Math.floor(Date.now() / 1000)
      const { result, record } = await ingest(keyring, head, sealed, nowSeconds)
      parts.upstream.forgetClient(head.context.handle)
      return { head: result, body: record }
    },
    rewrap: async (head, { body }) => {
      const record = rewrap(keyring, head, await body.bytes(maxRecordBytes))
      parts.upstream.forgetClient(head.context.handle)
      return { head: {}, body: record }
    },
    dispatch: async (head, context) => {
      const payload = await dispatchPayload(head.record_bytes, parts.maxBodyBytes, context)
      return dispatch(parts, head, payload, context.signal)
    },
    ...tokenOperations(parts),
    signHead: async (head) => ({ head: auditHeads.sign(head) }),
    latestHead: async () => ({ head: { head: auditHeads.latest } }),
  }
}

async function dispatchPayload(
  recordBytes: number,
  maxBodyBytes: number,
  { body }: ChannelRequestContext,
): Promise<Uint8Array> {
  if (recordBytes > maxRecordBytes) {
    throw new EnclaveError('INVALID_REQUEST', 'the vault record is too large')
  }
  const payload = await body.bytes(recordBytes + maxBodyBytes)
  if (payload.length < recordBytes) {
    throw new EnclaveError('INVALID_REQUEST', 'the vault record is cut short')
  }
  return payload
}
