/**
 * What a resource server tells the authorization server about its tools.
 *
 * @module
 */
import { z } from 'zod'

const words = z
  .string()
  .max(500)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, 'holds control characters')
const name = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/:-]*$/, 'not a name')

const operationSchema = z.strictObject({
  /** HTTP method towards the upstream. */
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
  /** Path pattern at the upstream, such as `/repos/{owner}/{repo}/issues`. */
  path: z
    .string()
    .max(256)
    .regex(/^\/[\x21-\x7e]*$/, 'not a path'),
  /** What it does, in words that a user reads. */
  words: words.optional(),
})

/** A request that a tool makes upstream. */
export type ToolOperation = z.infer<typeof operationSchema>

const toolSchema = z.strictObject({
  name,
  description: words,
  /** Scopes that the tool needs besides the server's own. */
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'not a scope')).max(20),
  /** Names of the connections that it dispatches to. */
  connections: z.array(name).max(20),
  operations: z.array(operationSchema).max(50),
})

/** Zod schema of {@link ToolManifest}; unknown fields are refused. */
export const toolManifestSchema: z.ZodType<ToolManifest, unknown> = z
  .strictObject({ tools: z.array(toolSchema).max(200) })
  .refine(({ tools }) => new Set(tools.map((tool) => tool.name)).size === tools.length, {
    message: 'two tools have one name',
  })

/** What a resource server's tools need and do, as it tells the authorization server. */
export interface ToolManifest {
  readonly tools: readonly z.infer<typeof toolSchema>[]
}
