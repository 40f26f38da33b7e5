import type { ConnectionView } from '@holdfast/client'
import type { ConnectionPolicy } from '@holdfast/protocol'

/** Whether a list is missing without which no call is allowed. */
export const allowsNothing = ({ methods, paths, resources }: ConnectionPolicy): boolean =>
  [methods, paths, resources].some((list) => list.length === 0)

/** How much of a table the names may take; what is left out is counted. */
const width = 40

/**
 * Who may use a connection, in the words of `--resources`: `direct`, `*`, or MCP servers without their
 * scheme; `nobody` where the policy allows nothing.
 */
export function usedBy({ policy, status }: ConnectionView, issuer: string): string {
  if (status === 'revoked' || allowsNothing(policy)) return 'nobody'
  const names = policy.resources.map((uri) =>
    uri === `${issuer}/dispatch` ? 'direct' : uri.replace(/^https?:\/\//, ''),
  )
  let shown = 1
  while (shown < names.length && names.slice(0, shown + 1).join(', ').length <= width) shown += 1
  const left = names.length - shown
  return `${names.slice(0, shown).join(', ')}${left === 0 ? '' : ` +${left}`}`
}
