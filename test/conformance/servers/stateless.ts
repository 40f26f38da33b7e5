/** A server of SDK v2 for protocol revision 2026-07-28: no sessions, and results that ask for input. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { McpServer, ProtocolError, ResourceTemplate } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { addFeatures, addTool } from './features.ts'

interface Context {
  readonly mcpReq: {
    readonly _meta?: { readonly progressToken?: string | number }
    readonly inputResponses?: Readonly<Record<string, unknown>>
    readonly requestState: () => unknown
    readonly notify: (notification: object) => Promise<void>
    readonly log: (level: string, data: unknown) => Promise<void>
    readonly envelope?: Readonly<Record<string, unknown>>
  }
}

const key = randomBytes(32)
const mac = (state: string): string => createHmac('sha256', key).update(state).digest('base64url')
const protect = (state: string): string => `${state}.${mac(state)}`

/** @throws ProtocolError for a state that is not ours */
function readState(value: unknown): string {
  const [state = '', tag = ''] = String(value).split('.')
  const [expected, given] = [Buffer.from(mac(state)), Buffer.from(tag)]
  if (expected.length === given.length && timingSafeEqual(expected, given)) return state
  throw new ProtocolError(-32_602, 'requestState failed its integrity check')
}

const text = (value: string): object => ({ content: [{ type: 'text', text: value }] })
const elicit = (message: string, field: string, type = 'string'): object => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message,
    requestedSchema: { type: 'object', properties: { [field]: { type } }, required: [field] },
  },
})
const sample = (prompt: string): object => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 },
})
const roots = { method: 'roots/list', params: {} }

const demand = (inputRequests: object, requestState?: string): object => ({
  resultType: 'input_required',
  inputRequests,
  ...(requestState === undefined ? {} : { requestState: protect(requestState) }),
})

const answered = (context: Context, ...names: string[]): boolean =>
  names.every((name) => typeof context.mcpReq.inputResponses?.[name] === 'object')

const fieldOf = (context: Context, name: string, field: string): string => {
  const { content } = (context.mcpReq.inputResponses?.[name] ?? {}) as {
    content?: Record<string, unknown>
  }
  return String(content?.[field])
}

/** Tools that ask once for these inputs, and need a state of ours back where they gave one. */
const askingTools: Readonly<
  Record<string, { inputs: Readonly<Record<string, object>>; state?: string }>
> = {
  test_input_required_result_sampling: {
    inputs: { capital_question: sample('What is the capital of France?') },
  },
  // The suite's client does not declare sampling for this one; the SDK must then refuse the demand.
  test_missing_capability: { inputs: { answer: sample('Anything') } },
  test_streaming_elicitation: { inputs: { user_name: elicit('What is your name?', 'name') } },
  test_input_required_result_list_roots: { inputs: { client_roots: roots } },
  test_input_required_result_request_state: {
    inputs: { confirm: elicit('Please confirm', 'ok', 'boolean') },
    state: 'confirm',
  },
  test_input_required_result_tampered_state: {
    inputs: { confirm: elicit('Please confirm', 'ok', 'boolean') },
    state: 'tampered',
  },
  test_input_required_result_multiple_inputs: {
    inputs: {
      user_name: elicit('What is your name?', 'name'),
      greeting: sample('Generate a greeting'),
      client_roots: roots,
    },
    state: 'multiple',
  },
}

function addAskingTools(server: McpServer): void {
  const none = { inputSchema: z.object({}) }
  const add = (name: string, handler: (context: Context) => object): unknown =>
    addTool(server, name, none, (_input: unknown, context: Context) => handler(context))
  for (const [name, { inputs, state }] of Object.entries(askingTools)) {
    add(name, (context) => {
      if (state !== undefined && context.mcpReq.requestState() !== undefined) {
        readState(context.mcpReq.requestState())
      }
      if (!answered(context, ...Object.keys(inputs))) return demand(inputs, state)
      return text(`state-ok ${JSON.stringify(context.mcpReq.inputResponses)}`)
    })
  }
  add('test_input_required_result_elicitation', (context) =>
    answered(context, 'user_name')
      ? text(`Hello, ${fieldOf(context, 'user_name', 'name')}!`)
      : demand({ user_name: elicit('What is your name?', 'name') }),
  )
  add('test_input_required_result_multi_round', (context) => {
    const state = context.mcpReq.requestState()
    const round = state === undefined ? 'start' : readState(state)
    if (round === 'start')
      return demand({ step1: elicit('Step 1: What is your name?', 'name') }, 'one')
    if (round === 'one' && answered(context, 'step1')) {
      return demand({ step2: elicit('Step 2: What is your favorite color?', 'color') }, 'two')
    }
    return text('all rounds are done')
  })
}

/** Asks only for what the client says that it can answer. */
function addCarefulTools(server: McpServer): void {
  const none = { inputSchema: z.object({}) }
  const questions: Readonly<Record<string, object>> = {
    elicitation: elicit('What is your name?', 'name'),
    sampling: sample('Generate a greeting'),
    roots,
  }
  addTool(
    server,
    'test_input_required_result_capabilities',
    none,
    (_input: unknown, { mcpReq }: Context) => {
      const declared = mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? {}
      const possible = Object.entries(questions).filter(([name]) => Object.hasOwn(declared, name))
      return possible.length === 0 ? text('no questions') : demand(Object.fromEntries(possible))
    },
  )
  addTool(server, 'test_logging_tool', none, async (_input: unknown, { mcpReq }: Context) => {
    await mcpReq.log('info', 'Tool execution started')
    return text('logged, if the caller wants logs')
  })
}

/** One server for one request. */
export function createStatelessServer(): McpServer {
  const server = new McpServer(
    { name: 'conformance', version: '1.0.0' },
    {
      capabilities: { completions: {} },
      requestState: { verify: (state: string) => (readState(state), undefined) },
    },
  )
  addFeatures<Context>(server, {
    schema: (shape) => z.object(shape),
    template: (pattern) => new ResourceTemplate(pattern, { list: undefined }),
    progress: async ({ mcpReq }, progress) => {
      const { progressToken } = mcpReq._meta ?? {}
      if (progressToken === undefined) return
      const params = { progressToken, progress, total: 100 }
      await mcpReq.notify({ method: 'notifications/progress', params })
    },
  })
  addAskingTools(server)
  addCarefulTools(server)
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'Asks for context.' },
    ((context: Context) =>
      answered(context, 'user_context')
        ? {
            messages: [
              {
                role: 'user',
                content: { type: 'text', text: fieldOf(context, 'user_context', 'context') },
              },
            ],
          }
        : demand({
            user_context: elicit('What context should the prompt use?', 'context'),
          })) as never,
  )
  server.server.setRequestHandler('completion/complete', () => ({
    completion: { values: [], total: 0, hasMore: false },
  }))
  return server
}
