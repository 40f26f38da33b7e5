import { type ConnectionPolicy, connectionPolicySchema, denyAllPolicy } from '@holdfast/protocol'
import type { ConnectTicket } from '@holdfast/storage'
import { z } from 'zod'
import type { Config } from '../../config.ts'

/** What a person may choose where the link does not say it. */
export const allowSchema = z.enum(['read', 'all', 'none'])
export type Allow = z.infer<typeof allowSchema>

/** The policy of a ticket, or the one that the person chose. */
export function policyOf(
  { policy, resource }: Pick<ConnectTicket, 'policy' | 'resource'>,
  allow: Allow,
  { issuer }: Pick<Config, 'issuer'>,
): ConnectionPolicy {
  const given = connectionPolicySchema.safeParse(policy)
  if (given.success) return given.data
  if (allow === 'none') return denyAllPolicy
  return {
    methods: allow === 'read' ? ['GET'] : ['*'],
    paths: ['/**'],
    // Nobody but who asked; without anybody, the owner's own calls.
    resources: [resource ?? `${issuer}/dispatch`],
  }
}

/** A policy in words. */
export function policyWords({ methods, paths, resources }: ConnectionPolicy): string {
  if (methods.length === 0 || paths.length === 0 || resources.length === 0) return 'Nothing yet.'
  const how = methods.includes('*') ? 'Any request' : `${methods.join(', ')} requests`
  const where = paths.includes('/**') ? 'anywhere' : `to ${paths.join(', ')}`
  const who = resources.includes('*') ? 'any of your servers' : resources.join(', ')
  return `${how} ${where}, by ${who}.`
}
