import type { ToolOperation } from '@holdfast/protocol/tool-manifest'
import type { ToolContext } from './authorized-tool.ts'
import { anything, checkOptions, list, type OptionTable, text, texts } from './check-options.ts'
import type { Connection } from './connection.ts'
import type { CallContext, ToolResult } from './tool-result.ts'

/** A schema that tells its output type: Zod's and every other that follows Standard Schema. */
export interface InputSchema<Input> {
  readonly '~standard': { readonly types?: { readonly output: Input } | undefined }
}

/** Definition of a {@link tool}. */
export interface ToolOptions<Input> {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly inputSchema: InputSchema<Input>
  readonly outputSchema?: object
  readonly annotations?: object
  readonly icons?: readonly object[]
  readonly _meta?: Readonly<Record<string, unknown>>
  /** Scopes that the token must hold for this tool, besides the server's own. Default none. */
  readonly requiredScopes?: readonly string[]
  /** Connections that it dispatches to. */
  readonly connections?: readonly (Connection | string)[]
  /** What it does upstream, in words for the consent page. */
  readonly operations?: readonly ToolOperation[]
}

const toolTable: OptionTable<ToolOptions<unknown>> = {
  name: text,
  title: anything,
  description: anything,
  inputSchema: anything,
  outputSchema: anything,
  annotations: anything,
  icons: anything,
  _meta: anything,
  requiredScopes: texts,
  connections: list,
  operations: list,
}

/** A tool that `server.collect` adds to a server. */
export interface Tool {
  readonly name: string
  readonly options: ToolOptions<unknown>
  readonly handler: (parameters: unknown, context: unknown) => unknown
}

/**
 * Defines a tool, apart from any server.
 *
 * @throws TypeError for options that are missing, unknown or of a wrong type
 * @example
 * ```ts
 * export const whoami = tool(
 *   { name: 'whoami', description: 'Tells who you are.', inputSchema: z.object({}) },
 *   async (_input, ctx) => ({ content: [{ type: 'text', text: ctx.auth.subject }] }),
 * )
 * ```
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- a caller names the SDK's context by it
export function tool<Input, Context extends CallContext = CallContext>(
  options: ToolOptions<Input>,
  handler: (input: Input, context: Context & ToolContext) => ToolResult | Promise<ToolResult>,
): Tool {
  const owner = `tool ${JSON.stringify(options.name)}`
  checkOptions<ToolOptions<unknown>>(owner, options, toolTable, {
    required: ['name', 'inputSchema'],
    otherNames: { scopes: 'requiredScopes' },
  })
  return { name: options.name, options, handler: handler as Tool['handler'] }
}
