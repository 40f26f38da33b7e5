import { member } from './member.ts'

/** A `tools/call` in the body of a request. */
export interface ToolCall {
  readonly name: string
  readonly id: unknown
  /** Whether the request is of protocol revision 2026-07-28 or later. */
  readonly isModern: boolean
  /** How many messages the batch has that it came in; undefined for one that came by itself. */
  readonly batchSize: number | undefined
}

const versionKey = 'io.modelcontextprotocol/protocolVersion'

function toolCallOf(message: unknown, batchSize: number | undefined): ToolCall | undefined {
  if (member(message, 'method') !== 'tools/call') return undefined
  const params = member(message, 'params')
  const name = member(params, 'name')
  return {
    name: typeof name === 'string' ? name : '',
    id: member(message, 'id'),
    isModern: member(member(params, '_meta'), versionKey) !== undefined,
    batchSize,
  }
}

/** The tools that a parsed body calls: one message, or the batch of older protocol revisions. */
export function toolCalls(body: unknown): readonly ToolCall[] {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body]
  const size = Array.isArray(body) ? body.length : undefined
  return messages.map((message) => toolCallOf(message, size)).filter((call) => call !== undefined)
}

/** A JSON-RPC answer that holds a tool result: a batch of one for a call of a batch. */
export function toolResponse(call: ToolCall, result: unknown): Response {
  const tagged = call.isModern ? { resultType: 'complete', ...(result as object) } : result
  const message = { jsonrpc: '2.0', id: call.id ?? null, result: tagged }
  return Response.json(call.batchSize === undefined ? message : [message])
}
