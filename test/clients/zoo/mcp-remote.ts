import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { ZooClient } from '../columns.ts'
import { installed, patienceMs } from '../lab/command.ts'
import { callbackPort } from '../lab/ports.ts'
import { textOf } from './sdk-provider.ts'

const program = installed('mcp-remote/dist/proxy.js')

/** The proxy by which clients without OAuth reach remote servers. */
export const client: ZooClient = {
  name: 'mcp-remote 0.15.1',
  introductions: ['CIMD', 'DCR'],
  canProve: false,
  known: {},
  call: async ({ server, tool, introduction, home }, around) => {
    const port = String(await callbackPort(home))
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [
        ...[program, server, port, '--allow-http'],
        ...(introduction === 'CIMD' ? ['--client-metadata-url', around.documentUrl] : []),
      ],
      env: around.environment(home) as Record<string, string>,
      cwd: home,
      stderr: 'pipe',
    })
    const said: string[] = []
    transport.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
    const mcp = new Client({ name: 'zoo', version: '1.0.0' })
    try {
      await mcp.connect(transport as never, { timeout: patienceMs })
      return textOf(await mcp.callTool({ name: tool, arguments: {} }))
    } catch (cause) {
      throw new Error(`${String(cause)}: ${said.join('').slice(-300)}`, { cause })
    } finally {
      await mcp.close()
    }
  },
}
