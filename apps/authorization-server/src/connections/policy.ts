import type { ConnectionPolicy } from '@holdfast/protocol'
import type { JsonObject, Storage } from '@holdfast/storage'
import { canonicalResource } from '../oauth/resource-directory.ts'

/** The policy with every resource named by its canonical URI, also where an alias was given. */
export async function canonicalPolicy(
  resources: Pick<Storage['resources'], 'resolve'>,
  policy: ConnectionPolicy,
): Promise<ConnectionPolicy> {
  const named = await Promise.all(
    policy.resources.map(async (uri) => {
      if (uri === '*') return uri
      const canonical = canonicalResource(uri) ?? uri
      return (await resources.resolve(canonical))?.resource ?? canonical
    }),
  )
  return { ...policy, resources: [...new Set(named)] }
}

/** Whether a stored policy lets a resource use the connection at all. */
export function allowsResource({ policy }: { readonly policy: JsonObject }, uri: string): boolean {
  const allowed = policy['resources']
  return Array.isArray(allowed) && allowed.some((one) => one === '*' || one === uri)
}

/** A policy in the form in which storage keeps it. */
export const policyJson = (policy: ConnectionPolicy): JsonObject => ({ ...policy })
