import type { ConnectionPolicy } from '@holdfast/protocol'
import type { BoundRecord } from '../enclave-client/client.ts'
import type { ConnectionParts } from './parts.ts'

/** The record for a later version, to which the enclave goes one by one, and for the policy of now. */
export async function rewrapTo(
  { enclave }: Pick<ConnectionParts, 'enclave'>,
  { context, record }: BoundRecord,
  policy: ConnectionPolicy,
  version: number,
): Promise<BoundRecord> {
  let bound = { context, record }
  while (bound.context.version < version) {
    const next = bound.context.version + 1
    const rewrapped = await enclave.rewrap(
      { context: bound.context, policy, version: next },
      bound.record,
    )
    bound = { context: { ...bound.context, policy, version: next }, record: rewrapped }
  }
  return bound
}
