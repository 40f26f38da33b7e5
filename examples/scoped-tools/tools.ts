import { tool } from '@holdfast/resource-server/mcp'
import { z } from 'zod'

const text = (value: string): { content: { type: 'text'; text: string }[] } => ({
  content: [{ type: 'text', text: value }],
})

/** Every caller may use it: it needs the server's own scopes only. */
export const whoami = tool(
  { name: 'whoami', description: 'Tells who you are here.', inputSchema: z.object({}) },
  (_input, { auth }) =>
    text(JSON.stringify({ subject: auth.subject, client: auth.clientId, scopes: auth.scopes })),
)

const files = new Map([
  ['readme', 'Hello'],
  ['notes', 'Remember the milk'],
])

export const readFile = tool(
  {
    name: 'read_file',
    description: 'Reads a file.',
    inputSchema: z.object({ id: z.string() }),
    requiredScopes: ['files:read'],
  },
  ({ id }) => text(files.get(id) ?? 'there is no such file'),
)

export const deleteFile = tool(
  {
    name: 'delete_file',
    description: 'Deletes a file for good.',
    inputSchema: z.object({ id: z.string() }),
    requiredScopes: ['files:delete'],
  },
  ({ id }, { auth }) => text(files.delete(id) ? `${auth.subject} deleted ${id}` : 'nothing there'),
)
