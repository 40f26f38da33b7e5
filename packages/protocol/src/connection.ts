import { z } from 'zod'
import { type ConnectionPolicy, connectionPolicySchema } from './policy.ts'
import { connectionHandleSchema, providerNameSchema } from './connection-handle.ts'

/**
 * States of a Connection: `reserved` until it has a credential, `needs_reconnect` when the provider no
 * longer takes the one that it has.
 */
export const connectionStatuses = [
  'reserved',
  'active',
  'paused',
  'needs_reconnect',
  'revoked',
] as const
export type ConnectionStatus = (typeof connectionStatuses)[number]

/**
 * What becomes of the tokens of a revoked Connection at their provider: `pending` until it was told,
 * `failed` when telling it was given up.
 */
export const providerRevocations = [
  'pending',
  'revoked',
  'nothing_to_revoke',
  'not_supported',
  'failed',
] as const
export type ProviderRevocation = (typeof providerRevocations)[number]

/** Zod schema of {@link RecordContext}. */
export const recordContextSchema = z.strictObject({
  handle: connectionHandleSchema,
  owner: z.string().min(1).max(128),
  provider: providerNameSchema,
  allowed_hosts: z.array(z.string().min(1)).min(1).max(20),
  policy: connectionPolicySchema,
  /** Record version, from 1; every rewrap or new credential adds one. */
  version: z.int().min(1),
})

/**
 * What a vault record is bound to: its additional authenticated data. The enclave opens a record
 * only together with exactly the context under which it was written.
 */
export type RecordContext = z.infer<typeof recordContextSchema>

/** The policy of a Connection that may do nothing: the default. */
export const denyAllPolicy: ConnectionPolicy = Object.freeze({
  methods: [],
  paths: [],
  resources: [],
})
