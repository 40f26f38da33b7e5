import { MCPServer, tool } from '@holdfast/resource-server/mcp'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { connectClient, createTestIssuer, type TestAuthorization } from '@holdfast/testing'

const deleteFile = tool(
  {
    name: 'delete_file',
    inputSchema: z.object({ id: z.string() }),
    requiredScopes: ['files:delete'],
  },
  ({ id }) => ({ content: [{ type: 'text', text: `deleted ${id}` }] }),
)
const files = (authorization: TestAuthorization) =>
  new MCPServer({
    server: () => new McpServer({ name: 'files', version: '1.0.0' }),
    handler: createMcpHandler,
    authorization,
  }).collect(deleteFile)

test('delete_file needs files:delete', async () => {
  await using issuer = await createTestIssuer()
  const { url } = await issuer.serve(files)
  const deleteWith = async (scopes: string[]) => {
    await using client = await connectClient(url, await issuer.issueToken({ scopes }))
    return await client.callTool({ name: 'delete_file', arguments: { id: '7' } })
  }
  expect(await deleteWith(['files:delete'])).toMatchObject({ content: [{ text: 'deleted 7' }] })
  await expect(deleteWith(['files:read'])).rejects.toThrow('required "files:delete"')
})
