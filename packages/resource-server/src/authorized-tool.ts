import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import {
  type AuthenticatedRequest,
  type Dispatch,
  requestOfAuthInfo,
} from './authenticated-request.ts'
import { anything, checkOptions, type OptionTable, text, texts } from './check-options.ts'
import { DispatchError } from './dispatch-error.ts'
import { askToConnect, type ClientRequests, type ElicitingContext } from './elicitation.ts'
import { pythonList } from './python-list.ts'
import { ToolError } from './tool-error.ts'

/** Options of {@link authorizedTool}. */
export interface AuthorizedToolOptions {
  /** The tool's name, for the text of refusals. */
  readonly name: string
  /** Scopes that the token must hold for this tool, besides the server's own. Default none. */
  readonly requiredScopes?: readonly string[]
  /**
   * `server.server` of a server that keeps sessions of protocol revisions before 2026-07-28: lets a
   * client with URL-mode elicitation be asked to open a page. Default none: it gets the address as text.
   */
  readonly client?: ClientRequests
}

const optionTable: OptionTable<AuthorizedToolOptions> = {
  name: text,
  requiredScopes: texts,
  client: anything,
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

/** The parts of both SDKs' contexts that are read here. */
export interface SdkContext extends ElicitingContext {
  readonly authInfo?: unknown
  readonly http?: { readonly authInfo?: unknown }
}

/** A tool result that tells of a failure. */
export const failedResult = (text: string): unknown => ({
  isError: true,
  content: [{ type: 'text', text }],
})

/** The text of a refusal, as Dedalus servers word it. */
export const refusalText = (
  name: string,
  needed: readonly string[],
  missing: readonly string[],
): string =>
  `Tool "${name}" requires scopes: ${pythonList(needed)}. Missing: ${pythonList(missing)}`

// v2 keeps it under `http`, v1 at the top.
const requestOf = (context: SdkContext | undefined): AuthenticatedRequest | undefined =>
  requestOfAuthInfo(context?.http?.authInfo ?? context?.authInfo)

/** What {@link runTool} needs besides the call itself. */
export interface ToolRun extends AuthorizedToolOptions {
  readonly handler: (parameters: unknown, context: unknown) => unknown
  /** Lets the handler run without a token when it needs no scope: authorization is off. */
  readonly isOpen?: boolean
}

const withoutToken = (): never => {
  throw new DispatchError('NOT_CONFIGURED', 'authorization is off: there is no token')
}
const openContext = {
  get auth(): never {
    return withoutToken()
  },
  dispatch: async () => withoutToken(),
}

/** Runs a tool's handler if the request may, and words its failures as tool results. */
export async function runTool(
  run: ToolRun,
  parameters: unknown,
  context: SdkContext | undefined,
): Promise<unknown> {
  const { name, requiredScopes = [], handler } = run
  const request = requestOf(context)
  const missing = request === undefined ? requiredScopes : request.missingScopes(requiredScopes)
  if (missing.length > 0) return failedResult(refusalText(name, requiredScopes, missing))
  if (request === undefined && run.isOpen !== true) {
    return failedResult(`Tool "${name}" requires an authenticated request`)
  }
  const added =
    request === undefined ? openContext : { auth: request.auth, dispatch: request.dispatch }
  const call = async (): Promise<unknown> =>
    handler(
      parameters,
      Object.defineProperties({ ...context }, Object.getOwnPropertyDescriptors(added)),
    )
  try {
    return await call()
  } catch (error) {
    if (error instanceof ToolError) return failedResult(`[${error.code}] ${error.message}`)
    if (!(error instanceof DispatchError)) throw error
    const { untilConnected } = request ?? {}
    return askToConnect(error, context, run.client, { retry: call, untilConnected })
  }
}

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
 *   authorizedTool({ name: 'delete-file', requiredScopes: ['files:delete'] }, async ({ id }, ctx) => {
 *     const { status } = await ctx.dispatch('drive', { method: 'DELETE', path: `/files/${encodeURIComponent(id)}` })
 *     return { content: [{ type: 'text', text: `${status}` }] }
 *   }),
 * )
 * ```
 */
export function authorizedTool<Callback extends ToolCallback>(
  options: AuthorizedToolOptions,
  handler: AuthorizedHandler<Callback>,
): Callback {
  checkOptions(`authorizedTool ${JSON.stringify(options.name)}`, options, optionTable, {
    required: ['name'],
    otherNames: { scopes: 'requiredScopes' },
  })
  const run = { ...options, handler: handler as ToolRun['handler'] }
  const wrapped = (parameters: unknown, context: SdkContext | undefined): Promise<unknown> =>
    runTool(run, parameters, context)
  return wrapped as unknown as Callback
}
