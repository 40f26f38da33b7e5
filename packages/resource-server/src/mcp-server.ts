import type { AuthenticatedRequest, AuthInfo } from './authenticated-request.ts'
import { type AuthorizationOptions, checkAuthorization, guardOptions } from './authorization.ts'
import { failedResult, refusalText, runTool, type SdkContext } from './authorized-tool.ts'
import { checkOptions } from './check-options.ts'
import { runInContext } from './context-hook.ts'
import { checkOrigin, type OriginSettings } from './cors.ts'
import type { ClientRequests } from './elicitation.ts'
import { isListing, isUncheckable } from './fail-open.ts'
import type { AuthorizationProvider } from './jwt-validator.ts'
import { serverTable } from './known-options.ts'
import { publishManifest, type ToolManifest, toolManifest } from './manifest.ts'
import { readMcpRequest, tooLarge } from './mcp-body.ts'
import { addHeaders, fetchAnswer, fetchResourceRequest } from './protect-fetch.ts'
import type { ProtectedResourceOptions } from './options.ts'
import { type ProtectedResource, protectedResource } from './protected-resource.ts'
import { requireRegistered } from './registered-tools.ts'
import { type ServerDescription, serverDocument } from './server-document.ts'
import { isConnected, readAllowedOrigins, readOptions } from './settings.ts'
import type { Tool } from './tool.ts'
import { type ToolCall, toolCalls, toolResponse } from './tool-gate.ts'

/** The parts of an official SDK's `McpServer`, v1 or v2, that are used here. */
export interface OfficialServer {
  readonly server: ClientRequests
  readonly registerTool: (name: string, config: never, handler: never) => unknown
}

/** What a fetch handler gets besides the request. */
export interface HandlerContext {
  authInfo?: AuthInfo
  parsedBody?: unknown
}

/** A fetch handler of MCP requests, such as `createMcpHandler` of SDK v2 makes. */
export interface OfficialHandler {
  readonly fetch: (request: Request, context?: HandlerContext) => Promise<Response>
}

/** Options of {@link MCPServer}. */
export interface MCPServerOptions<Server extends OfficialServer> {
  /** Makes the official server with all that it offers; called as often as the handler asks. */
  readonly server: () => Server
  /** `createMcpHandler` of SDK v2, or `statelessHandler(…)` for SDK v1. */
  readonly handler: (createServer: () => Server) => OfficialHandler
  /** Who may call, and with what. */
  readonly authorization: AuthorizationOptions
  /** Scopes of tools that the official server registers itself, by tool name. */
  readonly toolScopes?: Readonly<Record<string, readonly string[]>>
  /**
   * What a call without the tool's scopes gets: `result`, a tool result with `isError`, which every
   * client shows; `challenge`, the 403 of the specification, after which clients that can step up ask
   * the user for more; or `auto`, the challenge for requests of protocol revision 2026-07-28 or later
   * and the result for older ones, whose clients often fail on it. Default `auto`.
   */
  readonly stepUp?: StepUp
  /** Longest body of a request; a longer one is answered 413. Default 4 MiB. */
  readonly maxBodyBytes?: number
}

/** What answers a call without the tool's scopes; see {@link MCPServerOptions.stepUp}. */
export type StepUp = 'auto' | 'result' | 'challenge'

function isChallenged(call: ToolCall, stepUp: StepUp): boolean {
  // A batch has no place for one refused result among others, and current clients send none.
  if (call.batchSize !== undefined && call.batchSize > 1) return true
  return stepUp === 'auto' ? call.isModern : stepUp === 'challenge'
}

const withoutToken = (name: string): string => `Tool "${name}" requires an authenticated request`

/** What each tool needs: its own scopes, and those that were put on it from outside. */
function scopesByTool(
  toolScopes: Readonly<Record<string, readonly string[]>> | undefined,
  tools: readonly Tool[],
): ReadonlyMap<string, readonly string[]> {
  const scopes = new Map(Object.entries(toolScopes ?? {}))
  for (const { name, options } of tools) {
    const own = options.requiredScopes ?? []
    scopes.set(name, [...new Set([...(scopes.get(name) ?? []), ...own])])
  }
  return scopes
}

/**
 * An official MCP server behind a guard: tokens, scopes of the server and of each tool, and dispatch.
 * `{ fetch }` is what Workers, Deno and Bun serve; on Node use `mcpListener` of `./node`.
 *
 * @example
 * ```ts
 * const server = new MCPServer({
 *   server: () => new McpServer({ name: 'files', version: '1.0.0' }),
 *   handler: createMcpHandler,
 *   authorization: { resource: 'https://mcp.example/mcp', authorizationServers: ['https://auth.example'], client },
 * })
 * server.collect(whoami, deleteFile)
 * export default server
 * ```
 */
export class MCPServer<Server extends OfficialServer = OfficialServer> {
  readonly #options: Omit<MCPServerOptions<Server>, 'handler'>
  readonly #tools: Tool[] = []
  readonly #handler: OfficialHandler
  #provider: AuthorizationProvider | undefined
  #guard: ProtectedResource | undefined
  #scopes: ReadonlyMap<string, readonly string[]>
  #areToolsKnown = false
  /** Whose pages may call while the guard is off. */
  readonly #origins: OriginSettings

  /** @throws TypeError for options that are missing, unknown or of a wrong type */
  constructor(options: MCPServerOptions<Server>) {
    checkOptions<MCPServerOptions<Server>>('MCPServer', options, serverTable, {
      required: ['server', 'handler', 'authorization'],
    })
    checkAuthorization(options.authorization)
    this.#options = options
    this.#origins = { allowedOrigins: readAllowedOrigins(options.authorization, []) }
    this.#provider = options.authorization.authorizationProvider
    this.#scopes = scopesByTool(options.toolScopes, [])
    this.#handler = options.handler(() => this.#createServer())
    this.fetch = this.fetch.bind(this)
  }

  /**
   * Adds tools made by `tool`, before the server serves.
   *
   * @throws TypeError for a name that is taken
   */
  collect(...tools: readonly Tool[]): this {
    this.#requireUnserved('collect')
    for (const one of tools) {
      if (this.#tools.some(({ name }) => name === one.name)) {
        throw new TypeError(`collect: there already is a tool ${one.name}`)
      }
      this.#tools.push(one)
    }
    this.#scopes = scopesByTool(this.#options.toolScopes, this.#tools)
    return this
  }

  /** Checks tokens by another issuer's rules. Call it before the server serves. */
  setAuthorizationProvider(provider: AuthorizationProvider): this {
    this.#requireUnserved('setAuthorizationProvider')
    this.#provider = provider
    return this
  }

  /** The guard, undefined when authorization is off. @throws TypeError for options that cannot work */
  get guard(): ProtectedResource | undefined {
    this.#requireTools()
    if (this.#options.authorization.enabled === false) return undefined
    this.#guard ??= protectedResource(this.#guardOptions())
    return this.#guard
  }

  /** What the tools do, for the consent page. */
  get manifest(): ToolManifest {
    return toolManifest(this.#tools, this.#scopes)
  }

  /** Tells the authorization server what the tools do. Call it when the server starts. */
  async publishManifest(): Promise<void> {
    this.#requireTools()
    const settings = readOptions(this.#guardOptions())
    if (!isConnected(settings)) throw new TypeError('publishManifest needs authorization.client')
    await publishManifest({ ...settings, manifest: this.manifest })
  }

  /** Serves one request. */
  async fetch(request: Request): Promise<Response> {
    const { guard } = this
    const asked = fetchResourceRequest(request)
    const decision =
      guard === undefined ? checkOrigin(this.#origins, asked) : await guard.check(asked)
    if (decision.answer !== undefined) {
      const isOpen = this.#options.authorization.failOpen === true && isUncheckable(asked, decision)
      return (isOpen && (await this.#serveListing(request))) || fetchAnswer(decision.answer)
    }
    const response = await this.#serve(guard, request, decision.request)
    const headers = new Headers(response.headers)
    addHeaders(headers, decision.headers)
    const { status, statusText } = response
    return new Response(response.body, { status, statusText, headers })
  }

  // Once, and again for each request as long as it fails.
  #requireTools(): void {
    if (this.#areToolsKnown) return
    const names = Object.keys(this.#options.toolScopes ?? {})
    const foreign = names.filter((name) => !this.#tools.some((one) => one.name === name))
    if (foreign.length > 0) requireRegistered(this.#options.server(), foreign)
    this.#areToolsKnown = true
  }

  #guardOptions(): ProtectedResourceOptions {
    const { authorization } = this.#options
    const authorizationProvider = this.#provider
    return guardOptions(
      { ...authorization, ...(authorizationProvider && { authorizationProvider }) },
      [...this.#scopes.values()].flat(),
    )
  }

  get #maxBodyBytes(): number {
    return this.#options.maxBodyBytes ?? 4 * 1024 * 1024
  }

  // A second guard would not know the proofs that the first has seen.
  #requireUnserved(method: string): void {
    if (this.#guard !== undefined) throw new TypeError(`${method}: the server already serves`)
  }

  async #serve(
    guard: ProtectedResource | undefined,
    request: Request,
    admitted: AuthenticatedRequest | undefined,
  ): Promise<Response> {
    const document = serverDocument(request, () => this.#describe())
    if (document !== undefined) return document
    const read = await readMcpRequest(request, this.#maxBodyBytes)
    if (read === undefined) return tooLarge(this.#maxBodyBytes)
    const calls = toolCalls(read.parsedBody)
    const refused = this.#refuse(guard, request, admitted, calls)
    if (refused !== undefined) return refused
    const context = {
      ...(admitted === undefined ? {} : { authInfo: admitted.authInfo }),
      ...(read.parsedBody === undefined ? {} : { parsedBody: read.parsedBody }),
    }
    return runInContext(admitted, () => this.#handler.fetch(read.request, context))
  }

  #describe(): ServerDescription {
    const { resource, requiredScopes = [] } = this.#options.authorization
    return { resource, requiredScopes, tools: [...this.#scopes.keys()] }
  }

  #refuse(
    guard: ProtectedResource | undefined,
    request: Request,
    admitted: AuthenticatedRequest | undefined,
    calls: readonly ToolCall[],
  ): Response | undefined {
    for (const call of calls) {
      const needed = this.#scopes.get(call.name) ?? []
      const missing = admitted === undefined ? needed : admitted.missingScopes(needed)
      // Without a token no tool runs, unless authorization is off and the tool needs no scope.
      if (admitted === undefined && (guard !== undefined || missing.length > 0)) {
        const text =
          guard === undefined ? refusalText(call.name, needed, missing) : withoutToken(call.name)
        return toolResponse(call, failedResult(text))
      }
      if (admitted === undefined || guard === undefined || missing.length === 0) continue
      if (isChallenged(call, this.#options.stepUp ?? 'auto')) {
        const answer = guard.checkScopes(fetchResourceRequest(request), admitted, needed)
        if (answer !== undefined) return fetchAnswer(answer)
      }
      return toolResponse(call, failedResult(refusalText(call.name, needed, missing)))
    }
    return undefined
  }

  // Without a checked request, so that no tool runs.
  async #serveListing(request: Request): Promise<Response | undefined> {
    const read = await readMcpRequest(request, this.#maxBodyBytes)
    if (read === undefined) return undefined
    const refused = this.#refuse(this.#guard, request, undefined, toolCalls(read.parsedBody))
    if (refused !== undefined || !isListing(read.parsedBody)) return refused
    return this.#handler.fetch(read.request, { parsedBody: read.parsedBody })
  }

  #createServer(): Server {
    const server = this.#options.server()
    const isOpen = this.#options.authorization.enabled === false
    for (const { name, options, handler } of this.#tools) {
      const { requiredScopes = [], connections: _used, operations: _done, ...config } = options
      const run = { name, requiredScopes, handler, isOpen, client: server.server }
      const callback = (parameters: unknown, context: SdkContext | undefined): Promise<unknown> =>
        runTool(run, parameters, context)
      server.registerTool(name, config as never, callback as never)
    }
    return server
  }
}
