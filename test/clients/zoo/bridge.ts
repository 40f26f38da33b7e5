import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { ZooClient } from '../columns.ts'
import { patienceMs } from '../lab/command.ts'
import { textOf } from './sdk-provider.ts'

const program = join(import.meta.dirname, '../../../apps/cli/src/main.ts')

/** Our own `holdfast bridge`, as a client without OAuth starts it. */
export const client: ZooClient = {
  name: 'holdfast bridge, stdio client',
  introductions: ['DCR'],
  canProve: true,
  known: {},
  call: async ({ server, tool, home }, around) => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: ['--conditions=@holdfast/source', '--no-warnings', program, 'bridge', server],
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
