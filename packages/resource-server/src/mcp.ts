/**
 * Glue for the official MCP TypeScript SDKs, v2 (`@modelcontextprotocol/server`) and v1
 * (`@modelcontextprotocol/sdk`). Imports neither.
 *
 * @module
 */
import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import { type Dispatch, requestOfAuthInfo } from './authenticated-request.ts'
import { DispatchError } from './dispatch-error.ts'
import { pythonList } from './python-list.ts'

export { DispatchError } from './dispatch-error.ts'

/** Options of {@link authorizedTool}. */
export interface AuthorizedToolOptions {
  /** The tool's name, for the text of refusals. */
  readonly name: string
  /** Scopes that the token must hold for this tool, besides the server's own. Default none. */
  readonly scopes?: readonly string[]
}

/** What {@link authorizedTool} adds to a handler's context. */
export interface ToolContext {
  readonly auth: VerifiedAccessToken
  readonly dispatch: Dispatch
}

/** A tool handler as both SDKs call it for a tool with an input schema. */
export type ToolCallback = (parameters: never, context: never) => unknown

/** The same handler with {@link ToolContext} added to its context. */
export type AuthorizedHandler<Callback extends ToolCallback> = Callback extends (
  parameters: infer Parameters,
  context: infer Context,
) => infer Result
  ? (parameters: Parameters, context: Context & ToolContext) => Result
  : never

interface SdkContext {
  readonly authInfo?: unknown
  readonly http?: { readonly authInfo?: unknown }
}

const failed = (text: string): unknown => ({ isError: true, content: [{ type: 'text', text }] })

// v2 keeps it under `http`, v1 at the top.
const requestOf = (context: SdkContext | undefined): ReturnType<typeof requestOfAuthInfo> =>
  requestOfAuthInfo(context?.http?.authInfo ?? context?.authInfo)

/**
 * Wraps a tool's handler: it runs only for a checked request whose token holds the tool's scopes, and
 * gets `auth` and `dispatch` in its context. Without a checked request, as over stdio or on an
 * unguarded route, it never runs.
 *
 * Give a tool without arguments an empty input schema.
 *
 * A refusal is a tool result with `isError` and not an HTTP 403, which widespread clients cannot
 * recover from once they hold a refresh token. A {@link DispatchError} becomes `[CODE] message`.
 *
 * @example
 * ```ts
 * server.registerTool(
 *   'delete-file',
 *   { inputSchema: z.object({ id: z.string() }) },
 *   authorizedTool({ name: 'delete-file', scopes: ['files:delete'] }, async ({ id }, ctx) => {
 *     const { status } = await ctx.dispatch('drive', { method: 'DELETE', path: `/files/${id}` })
 *     return { content: [{ type: 'text', text: `${status}` }] }
 *   }),
 * )
 * ```
 */
export function authorizedTool<Callback extends ToolCallback>(
  options: AuthorizedToolOptions,
  handler: AuthorizedHandler<Callback>,
): Callback {
  const { name, scopes = [] } = options
  const wrapped = async (
    parameters: unknown,
    context: SdkContext | undefined,
  ): Promise<unknown> => {
    const request = requestOf(context)
    const missing = scopes.filter((scope) => request?.auth.scopes.includes(scope) !== true)
    if (missing.length > 0) {
      return failed(
        `Tool "${name}" requires scopes: ${pythonList(scopes)}. Missing: ${pythonList(missing)}`,
      )
    }
    if (request === undefined) return failed(`Tool "${name}" requires an authenticated request`)
    const { auth, dispatch } = request
    try {
      const extended = { ...context, auth, dispatch }
      return await (handler as (...all: unknown[]) => unknown)(parameters, extended)
    } catch (error) {
      if (error instanceof DispatchError) return failed(`[${error.code}] ${error.message}`)
      throw error
    }
  }
  return wrapped as unknown as Callback
}
