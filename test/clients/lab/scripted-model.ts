/**
 * A model that asks for one tool and then repeats what the tool said. Agents of people with an account reach
 * theirs by the same interface, so that what an agent does around it, with its MCP servers, is real.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** A model at work. */
export interface ScriptedModel extends AsyncDisposable {
  /** Where agents send what they ask. */
  readonly url: string
}

interface Asked {
  readonly tools?: readonly Tool[]
  /** Messages API. */
  readonly messages?: readonly { readonly content: unknown }[]
  /** Responses API. */
  readonly input?: readonly Item[]
}

interface Tool {
  readonly name?: string
  readonly type?: string
  readonly tools?: readonly Tool[]
}

type Item = Readonly<Record<string, unknown>>

/** Starts one that asks for the tool whose name ends so. */
export async function startScriptedModel(tool: string): Promise<ScriptedModel> {
  const server = createServer((incoming, outgoing) => {
    const answer = async (): Promise<void> => {
      if (incoming.method !== 'POST') return void outgoing.writeHead(404).end()
      const asked = (await json(incoming)) as Asked
      const events = incoming.url?.includes('/responses')
        ? responses(asked, tool)
        : messages(asked, tool)
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const event of events) {
        outgoing.write(`event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`)
      }
      outgoing.end()
    }
    answer().catch(() => outgoing.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Agents put the name of the server in front, and some write `_` for `-`. */
const isCalled = ({ name }: Tool, tool: string): boolean =>
  name?.replaceAll('-', '_').endsWith(tool.replaceAll('-', '_')) === true

const blocksOf = ({ messages: all = [] }: Asked): readonly Item[] =>
  all.flatMap(({ content }) => (Array.isArray(content) ? (content as Item[]) : []))

/** Events of Anthropic's Messages API. */
function messages(asked: Asked, tool: string): readonly Item[] {
  const result = blocksOf(asked).findLast(({ type }) => type === 'tool_result')
  const name = asked.tools?.find((one) => isCalled(one, tool))?.name
  const calls = result === undefined && name !== undefined
  const block = calls
    ? { type: 'tool_use', id: 'toolu_1', name, input: {} }
    : { type: 'text', text: '' }
  const delta = calls
    ? { type: 'input_json_delta', partial_json: '{}' }
    : { type: 'text_delta', text: JSON.stringify(result?.['content'] ?? 'done') }
  const usage = { input_tokens: 1, output_tokens: 1 }
  return [
    {
      type: 'message_start',
      message: {
        ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted', content: [] },
        ...{ stop_reason: null, stop_sequence: null, usage },
      },
    },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: calls ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage,
    },
    { type: 'message_stop' },
  ]
}

/** Events of OpenAI's Responses API. */
function responses(asked: Asked, tool: string): readonly Item[] {
  const result = asked.input?.findLast(({ type }) => type === 'function_call_output')
  const call = result === undefined ? findCall(asked.tools ?? [], tool) : undefined
  const item = call
    ? { type: 'function_call', id: 'fc_1', call_id: 'call_1', arguments: '{}', ...call }
    : {
        ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
        content: [{ type: 'output_text', text: JSON.stringify(result?.['output'] ?? 'done') }],
      }
  const response = { id: 'resp_1', object: 'response', output: [] }
  return [
    { type: 'response.created', response },
    { type: 'response.output_item.done', output_index: 0, item },
    {
      type: 'response.completed',
      response: {
        ...response,
        status: 'completed',
        usage: {
          ...{ input_tokens: 1, output_tokens: 1, total_tokens: 2 },
          input_tokens_details: { cached_tokens: 0 },
          output_tokens_details: { reasoning_tokens: 0 },
        },
      },
    },
  ]
}

/** A tool stands in the list itself or, under the name of its server, in one of its groups. */
function findCall(
  tools: readonly Tool[],
  tool: string,
): { readonly name: string; readonly namespace?: string } | undefined {
  for (const { name = '', tools: inner } of tools) {
    const found = inner?.find((one) => isCalled(one, tool))
    if (found?.name !== undefined) return { name: found.name, namespace: name }
    if (isCalled({ name }, tool)) return { name }
  }
  return undefined
}
