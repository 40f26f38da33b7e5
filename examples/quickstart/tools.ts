import { authorizedTool } from '@holdfast/resource-server/mcp'
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

/** The scope that every call of this server needs. */
export const baseScope = 'tools:call'

/** The scope that only {@link createTools}' `delete-file` needs. */
export const deleteScope = 'files:delete'

/**
 * The MCP server: two tools that call the upstream with a credential that neither this process nor
 * the model ever sees.
 */
export function createTools(connection: string | undefined): McpServer {
  const server = new McpServer({ name: 'holdfast-quickstart', version: '0.1.0' })
  server.registerTool(
    'whoami',
    { description: 'Tells who you are at the upstream API.', inputSchema: z.object({}) },
    authorizedTool({ name: 'whoami' }, async (_input, ctx) => {
      const { status, body } = await ctx.dispatch(connection, { method: 'GET', path: '/user' })
      const answer = { subject: ctx.auth.subject, status, user: body }
      return { content: [{ type: 'text', text: JSON.stringify(answer) }] }
    }),
  )
  server.registerTool(
    'delete-file',
    {
      description: 'Deletes a file at the upstream API.',
      inputSchema: z.object({ id: z.string().regex(/^[\w-]{1,64}$/) }),
    },
    authorizedTool({ name: 'delete-file', requiredScopes: [deleteScope] }, async ({ id }, ctx) => {
      const { status } = await ctx.dispatch(connection, { method: 'DELETE', path: `/files/${id}` })
      return {
        isError: status >= 400,
        content: [{ type: 'text', text: `upstream said ${status}` }],
      }
    }),
  )
  return server
}
