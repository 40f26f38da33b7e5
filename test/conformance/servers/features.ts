/** What the official suite asks of a server and both SDKs offer in one way. */
import { z } from 'zod'

const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA='

type Shape = Readonly<Record<string, z.ZodType>>

/** The parts of either SDK's `McpServer` that are used here. */
export interface FeatureServer {
  readonly registerTool: (name: string, config: never, handler: never) => unknown
  readonly registerPrompt: (name: string, config: never, handler: never) => unknown
  readonly registerResource: (name: string, uri: never, config: never, read: never) => unknown
}

/** How the two SDKs differ. */
export interface Dialect<Context> {
  /** Arguments as this SDK wants them described. */
  readonly schema: (shape: Shape) => unknown
  /** Makes a resource template. */
  readonly template: (pattern: string) => unknown
  /** Tells of progress, when the caller wants to know. */
  readonly progress: (context: Context, progress: number) => Promise<void>
}

const text = (value: string): object => ({ type: 'text', text: value })
const image = { type: 'image', data: png, mimeType: 'image/png' }
const embedded = (uri: string, value: string): object => ({
  type: 'resource',
  resource: { uri, mimeType: 'text/plain', text: value },
})

const contents: Readonly<Record<string, readonly object[]>> = {
  test_simple_text: [text('This is a simple text response for testing.')],
  test_image_content: [image],
  test_audio_content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }],
  test_embedded_resource: [embedded('test://embedded-resource', 'An embedded resource.')],
  test_multiple_content_types: [
    text('Several kinds of content:'),
    image,
    embedded('test://mixed-content-resource', '{"test":"data"}'),
  ],
}

/** Adds a tool without arguments. */
export const addTool = (
  server: FeatureServer,
  name: string,
  config: object,
  handler: unknown,
): unknown => server.registerTool(name, { description: name, ...config } as never, handler as never)

const user = (content: object): object => ({ role: 'user', content })

function addPrompts<Context>(server: FeatureServer, { schema }: Dialect<Context>): void {
  const add = (name: string, shape: Shape | undefined, handler: unknown): unknown =>
    server.registerPrompt(
      name,
      { description: name, ...(shape === undefined ? {} : { argsSchema: schema(shape) }) } as never,
      handler as never,
    )
  add('test_simple_prompt', undefined, () => ({
    messages: [user(text('This is a simple prompt for testing.'))],
  }))
  add(
    'test_prompt_with_arguments',
    { arg1: z.string(), arg2: z.string() },
    ({ arg1, arg2 }: { arg1: string; arg2: string }) => ({
      messages: [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
    }),
  )
  add(
    'test_prompt_with_embedded_resource',
    { resourceUri: z.string() },
    ({ resourceUri }: { resourceUri: string }) => ({
      messages: [user(embedded(resourceUri, 'The embedded resource.')), user(text('Read it.'))],
    }),
  )
  add('test_prompt_with_image', undefined, () => ({ messages: [user(image), user(text('Look.'))] }))
}

function addResources<Context>(server: FeatureServer, { template }: Dialect<Context>): void {
  const add = (name: string, uri: unknown, mimeType: string, read: unknown): unknown =>
    server.registerResource(
      name,
      uri as never,
      { description: name, mimeType } as never,
      read as never,
    )
  add('static-text', 'test://static-text', 'text/plain', () => ({
    contents: [{ uri: 'test://static-text', mimeType: 'text/plain', text: 'Static text.' }],
  }))
  add('static-binary', 'test://static-binary', 'image/png', () => ({
    contents: [{ uri: 'test://static-binary', mimeType: 'image/png', blob: png }],
  }))
  add('watched', 'test://watched-resource', 'text/plain', () => ({
    contents: [{ uri: 'test://watched-resource', mimeType: 'text/plain', text: 'Watched.' }],
  }))
  const pattern = template('test://template/{id}/data')
  add('template', pattern, 'application/json', (uri: URL, { id }: { id: string }) => ({
    contents: [
      {
        uri: uri.href,
        mimeType: 'application/json',
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
      },
    ],
  }))
}

/** Adds tools, prompts and resources. */
export function addFeatures<Context>(server: FeatureServer, dialect: Dialect<Context>): void {
  const none = { inputSchema: dialect.schema({}) }
  for (const [name, content] of Object.entries(contents)) {
    addTool(server, name, none, () => ({ content }))
  }
  addTool(server, 'test_error_handling', none, () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
  addTool(server, 'test_tool_with_progress', none, async (_input: unknown, context: Context) => {
    for (const progress of [0, 50, 100]) await dialect.progress(context, progress)
    return { content: [text('done')] }
  })
  addPrompts(server, dialect)
  addResources(server, dialect)
}
