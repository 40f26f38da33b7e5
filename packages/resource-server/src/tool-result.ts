/** A resource that a result refers to or holds. */
export interface ResultResource {
  readonly uri: string
  readonly mimeType?: string | undefined
  readonly text?: string
  readonly blob?: string
}

/** One part of a {@link ToolResult}. */
export type ToolContent = (
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  | {
      readonly type: 'resource_link'
      readonly uri: string
      readonly name: string
      readonly title?: string | undefined
      readonly description?: string | undefined
      readonly mimeType?: string | undefined
    }
  | { readonly type: 'resource'; readonly resource: ResultResource }
) & {
  readonly annotations?: object | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

/**
 * What a tool's handler returns: a result of either official SDK, or the `input_required` of SDK v2,
 * which asks the client for something first.
 */
export type ToolResult =
  | {
      readonly content: readonly ToolContent[]
      /** What fits the tool's `outputSchema`. */
      readonly structuredContent?: unknown
      readonly isError?: boolean | undefined
      readonly _meta?: Readonly<Record<string, unknown>> | undefined
    }
  | { readonly resultType: 'input_required' }

/**
 * What the official SDKs put into a handler's context: v2 under `mcpReq`, v1 at the top. For all of it,
 * name the SDK's own type: `(input, ctx: ServerContext & ToolContext) => …`.
 */
export interface CallContext {
  readonly sessionId?: string | undefined
  /** SDK v2. */
  readonly mcpReq?: {
    readonly id: string | number
    readonly method: string
    /** Ends when the client cancels the call or goes away. */
    readonly signal: AbortSignal
  }
  /** SDK v1. */
  readonly requestId?: string | number
  /** SDK v1: ends when the client cancels the call or goes away. */
  readonly signal?: AbortSignal
}
