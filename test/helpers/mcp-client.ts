import {
  Client,
  DpopSession,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'

/** An agent's MCP connection, with what a thief could copy from it. */
export interface McpSession {
  callTool(name: string, args?: Record<string, unknown>): Promise<ToolResult>
  /** The access token in use. */
  accessToken(): string
  /** The last DPoP proof that went to the MCP server. */
  lastProof(): string
  close(): Promise<void>
}

/** A tool's answer, as text. */
export interface ToolResult {
  readonly isError: boolean
  readonly text: string
}

/**
 * Connects the official MCP client with DPoP. `authorize` stands for the person at the browser: it
 * gets the authorization URL and returns the callback URL.
 */
export async function connectMcp(options: {
  readonly url: string
  readonly clientId: string
  readonly redirectUri: string
  readonly authorize: (url: URL) => Promise<URL>
}): Promise<McpSession> {
  const provider = await createProvider(options)
  let lastProof = ''
  const transport = (): StreamableHTTPClientTransport =>
    new StreamableHTTPClientTransport(new URL(options.url), {
      authProvider: provider,
      fetch: (url, init) => {
        const proof = new Headers(init?.headers).get('dpop')
        if (proof !== null && String(url) === options.url) lastProof = proof
        return fetch(url, init)
      },
    })
  const newClient = (): Client => new Client({ name: 'holdfast-test-agent', version: '1.0.0' })

  const first = transport()
  try {
    await newClient().connect(first)
    throw new Error('the MCP server let an unknown client in')
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error
  }
  await first.finishAuth(provider.answer().searchParams)
  const client = newClient()
  await client.connect(transport())
  return {
    callTool: async (name, args = {}) => {
      const result = await client.callTool({ name, arguments: args })
      const content = result.content as readonly { type: string; text?: string }[]
      return {
        isError: result.isError === true,
        text: content.map(({ text }) => text ?? '').join('\n'),
      }
    },
    accessToken: () => provider.accessToken(),
    lastProof: () => lastProof,
    close: () => client.close(),
  }
}

interface DemoProvider extends OAuthClientProvider {
  accessToken(): string
  answer(): URL
}

async function createProvider(options: {
  readonly clientId: string
  readonly redirectUri: string
  readonly authorize: (url: URL) => Promise<URL>
}): Promise<DemoProvider> {
  const dpop = await DpopSession.create()
  const state = crypto.randomUUID()
  let tokens: Awaited<ReturnType<OAuthClientProvider['tokens']>>
  let verifier = ''
  let answer: URL | undefined
  let discovered: Awaited<ReturnType<NonNullable<OAuthClientProvider['discoveryState']>>>
  return {
    discoveryState: () => discovered,
    saveDiscoveryState: (saved) => {
      discovered = saved
    },
    redirectUrl: options.redirectUri,
    clientMetadata: { client_name: 'Demo agent', redirect_uris: [options.redirectUri] },
    clientInformation: () => ({ client_id: options.clientId }),
    state: () => state,
    tokens: () => tokens,
    saveTokens: (saved) => {
      tokens = saved
    },
    saveCodeVerifier: (saved) => {
      verifier = saved
    },
    codeVerifier: () => verifier,
    dpop: () => dpop,
    redirectToAuthorization: async (url) => {
      answer = await options.authorize(url)
      if (answer.searchParams.get('state') !== state) throw new Error('the state does not match')
    },
    accessToken: () => tokens?.access_token ?? '',
    answer: () => {
      if (!answer) throw new Error('the person did not come back from the browser')
      return answer
    },
  }
}
