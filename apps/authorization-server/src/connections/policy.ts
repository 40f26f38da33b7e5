import type { ConnectionPolicy } from '@holdfast/protocol'
import type { JsonObject, Storage } from '@holdfast/storage'

/** The policy with every resource that is known by an alias named by its canonical URI. */
export async function canonicalPolicy(
  resources: Pick<Storage['resources'], 'resolve'>,
  policy: ConnectionPolicy,
): Promise<ConnectionPolicy> {
  const named = await Promise.all(
    policy.resources.map(async (uri) =>
      uri === '*' ? uri : ((await resources.resolve(uri))?.resource ?? uri),
    ),
  )
  return { ...policy, resources: [...new Set(named)] }
}

/** A policy in the form in which storage keeps it. */
export const policyJson = (policy: ConnectionPolicy): JsonObject => ({ ...policy })
