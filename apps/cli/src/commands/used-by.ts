import type { ConnectionView } from '@holdfast/client'

/** How much of a table the names may take; what is left out is counted. */
const width = 40

/**
 * Who may use a connection, in the words of `--resources`: `direct`, `*`, or MCP servers without their
 * scheme; `nobody` where the policy allows nothing.
 */
export function usedBy({ policy, status }: ConnectionView, issuer: string): string {
  const { methods, paths, resources } = policy
  if (status === 'revoked' || [methods, paths, resources].some((list) => list.length === 0)) {
    return 'nobody'
  }
  const names = resources.map((uri) =>
    uri === `${issuer}/dispatch` ? 'direct' : uri.replace(/^https?:\/\//, ''),
  )
  let shown = 1
  while (shown < names.length && names.slice(0, shown + 1).join(', ').length <= width) shown += 1
  const left = names.length - shown
  return `${names.slice(0, shown).join(', ')}${left === 0 ? '' : ` +${left}`}`
}
