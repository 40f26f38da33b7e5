import { type ConnectionPolicy, connectionPolicySchema, denyAllPolicy } from '@holdfast/protocol'
import { ProviderError } from './errors.ts'
import type { Provider, ProviderOperation } from './schema.ts'

/** What a person allows: nothing, reading, or named operations. */
export type PolicyChoice =
  | { readonly preset: 'none' }
  | { readonly preset: 'read'; readonly resources: readonly string[] }
  | {
      readonly preset: 'operations'
      readonly operations: readonly string[]
      readonly resources: readonly string[]
    }

/** A policy, and what it allows beside what was chosen. */
export interface ChosenPolicy {
  readonly policy: ConnectionPolicy
  /** Operations that were not named and yet are allowed: methods and paths combine. */
  readonly also: readonly ProviderOperation[]
}

/**
 * The policy of a choice. Nothing chosen allows nothing.
 *
 * @throws ProviderError `UNKNOWN_OPERATION`
 */
export function choosePolicy(provider: Provider, choice: PolicyChoice): ChosenPolicy {
  if (choice.preset === 'none') return { policy: denyAllPolicy, also: [] }
  const resources = [...choice.resources]
  if (choice.preset === 'read') {
    return { policy: { methods: ['GET'], paths: ['/**'], resources }, also: [] }
  }
  const known = provider.operations ?? []
  const chosen = choice.operations.map((name) => {
    const operation = known.find((operation) => operation.name === name)
    if (operation) return operation
    throw new ProviderError(
      'UNKNOWN_OPERATION',
      `${provider.title} has no such operation in the catalog`,
      known.length === 0
        ? 'give --methods and --paths instead'
        : `choose of: ${known.map(({ name }) => name).join(', ')}`,
    )
  })
  const methods = [...new Set(chosen.map(({ method }) => method))]
  const paths = [...new Set(chosen.map(({ path }) => path))]
  const also = known.filter(
    (operation) =>
      methods.includes(operation.method) &&
      paths.includes(operation.path) &&
      !chosen.includes(operation),
  )
  return { policy: connectionPolicySchema.parse({ methods, paths, resources }), also }
}
