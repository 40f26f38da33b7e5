import {
  Client,
  DpopSession,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import type { ZooClient } from '../columns.ts'
import { callAsApplication, createSdkProvider, type SdkProvider } from './sdk-provider.ts'

const installations = new Map<string, SdkProvider>()

/** The official MCP client, version 2. */
export const client: ZooClient = {
  name: 'MCP SDK v2 2.4.0',
  introductions: ['CIMD', 'DCR'],
  canProve: true,
  known: {},
  call: async (errand, around) => {
    let provider = installations.get(errand.home)
    if (provider === undefined) {
      const dpop = await DpopSession.create()
      provider = createSdkProvider(errand, around, { dpop: () => dpop })
      installations.set(errand.home, provider)
    }
    const open = () => {
      const transport = new StreamableHTTPClientTransport(new URL(errand.server), {
        authProvider: provider as never,
      })
      const mcp = new Client({ name: 'zoo', version: '1.0.0' })
      return {
        connect: () => mcp.connect(transport),
        callTool: (name: string) => mcp.callTool({ name, arguments: {} }),
        finish: (answer: URL) => transport.finishAuth(answer.searchParams),
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
