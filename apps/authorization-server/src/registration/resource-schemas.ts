import { providerNameSchema } from '@holdfast/protocol'
import { z } from 'zod'
import { shownText } from './errors.ts'

/** @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-3.3} */
const scopeName = z
  .string()
  .max(64)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be printable ASCII without spaces, quotes, backslash')
  .refine((name) => name !== 'openid' && name !== 'offline_access', 'is taken by sign-in')

const scope = z.strictObject({
  name: scopeName,
  description: shownText(200),
  optional: z.boolean().optional(),
})

const connection = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'use 1 to 40 of a-z, 0-9, _ and -'),
  provider: providerNameSchema,
  description: shownText(200),
  optional: z.boolean().optional(),
})

const uniqueNames = (list: readonly { readonly name: string }[]): boolean =>
  new Set(list.map(({ name }) => name)).size === list.length

/** A resource (an MCP server) that an administrator registers. */
export const newResourceSchema = z.strictObject({
  /** URI of the server, as its clients name it. */
  resource: z.string().max(2048),
  display_name: shownText(100),
  /** Other URIs that clients may send for it. */
  aliases: z.array(z.string().max(2048)).max(20).default([]),
  scopes: z
    .array(scope)
    .min(1)
    .max(100)
    .refine(uniqueNames, 'has a name twice')
    .default([{ name: 'tools:call', description: 'Use the tools of this server' }]),
  connections: z.array(connection).max(20).refine(uniqueNames, 'has a name twice').default([]),
  dpop: z.enum(['off', 'preferred', 'required']).default('preferred'),
  /** Proofs for its tokens must carry a nonce of this server. */
  dpop_nonce: z.boolean().default(false),
  /** Resources that its server may call with its callers' tokens, exchanged (RFC 8693). */
  calls: z.array(z.string().max(2048)).min(1).max(50).optional(),
  /** Also accept dispatches of a Dedalus runner; makes a deployment id and secret. */
  deployment: z.boolean().default(false),
})

/** What an administrator may change of a resource; what is left out stays. */
export const changedResourceSchema = z
  .strictObject({
    display_name: shownText(100),
    aliases: z.array(z.string().max(2048)).max(20),
    scopes: z.array(scope).min(1).max(100).refine(uniqueNames, 'has a name twice'),
    connections: z.array(connection).max(20).refine(uniqueNames, 'has a name twice'),
    dpop: z.enum(['off', 'preferred', 'required']),
    dpop_nonce: z.boolean(),
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'changes nothing')
export type ChangedResource = z.infer<typeof changedResourceSchema>
