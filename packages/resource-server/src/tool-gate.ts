/** A `tools/call` in the body of a request. */
export interface ToolCall {
  readonly name: string
  readonly id: unknown
  /** Whether the request is of protocol revision 2026-07-28 or later. */
  readonly isModern: boolean
}

const versionKey = 'io.modelcontextprotocol/protocolVersion'

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined

function toolCallOf(message: unknown): ToolCall | undefined {
  if (member(message, 'method') !== 'tools/call') return undefined
  const params = member(message, 'params')
  const name = member(params, 'name')
  return {
    name: typeof name === 'string' ? name : '',
    id: member(message, 'id'),
    isModern: member(member(params, '_meta'), versionKey) !== undefined,
  }
}

/** The tools that a parsed body calls: one message, or the batch of older protocol revisions. */
export function toolCalls(body: unknown): readonly ToolCall[] {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body]
  return messages.map(toolCallOf).filter((call) => call !== undefined)
}

/** A JSON-RPC answer that holds a tool result. */
export function toolResponse(call: ToolCall, result: unknown): Response {
  const tagged = call.isModern ? { resultType: 'complete', ...(result as object) } : result
  return Response.json({ jsonrpc: '2.0', id: call.id ?? null, result: tagged })
}
