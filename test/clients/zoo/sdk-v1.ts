import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { ZooClient } from '../columns.ts'
import { callAsApplication, createSdkProvider, type SdkProvider } from './sdk-provider.ts'

const installations = new Map<string, SdkProvider>()

/** The official MCP client, version 1, which most products embed. */
export const client: ZooClient = {
  name: 'MCP SDK v1 1.32.2',
  introductions: ['CIMD', 'DCR'],
  canProve: false,
  known: {
    'step-up': {
      outcome: 'fail',
      reason: 'refreshes with the old scopes when more are asked for (typescript-sdk#2255)',
    },
  },
  call: async (errand, around) => {
    const provider = installations.get(errand.home) ?? createSdkProvider(errand, around)
    installations.set(errand.home, provider)
    const open = () => {
      const transport = new StreamableHTTPClientTransport(new URL(errand.server), {
        authProvider: provider as never,
      })
      const mcp = new Client({ name: 'zoo', version: '1.0.0' })
      return {
        connect: () => mcp.connect(transport),
        callTool: (name: string) => mcp.callTool({ name, arguments: {} }),
        finish: (answer: URL) => transport.finishAuth(answer.searchParams.get('code') ?? ''),
        close: () => mcp.close(),
      }
    }
    return callAsApplication(
      provider,
      errand.tool,
      open,
      (error) => error instanceof UnauthorizedError,
    )
  },
}
