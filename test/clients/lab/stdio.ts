import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { textOf } from '../zoo/sdk-provider.ts'
import { patienceMs } from './command.ts'

/**
 * Calls a tool through a program that speaks MCP over stdin and stdout, as desktop clients do.
 *
 * @throws Error with the end of what the program said on stderr
 */
export async function callOverStdio(
  tool: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...args],
    env: env as Record<string, string>,
    stderr: 'pipe',
  })
  const said: string[] = []
  transport.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  const mcp = new Client({ name: 'zoo', version: '1.0.0' })
  try {
    await mcp.connect(transport, { timeout: patienceMs })
    return textOf(await mcp.callTool({ name: tool, arguments: {} }))
  } catch (cause) {
    throw new Error(`${String(cause)}: ${said.join('').slice(-300)}`, { cause })
  } finally {
    await mcp.close()
  }
}
