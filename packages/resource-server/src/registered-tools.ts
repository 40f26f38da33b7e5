import type { OfficialServer } from './mcp-server.ts'

function isRegistered(server: OfficialServer, name: string): boolean {
  try {
    // Neither SDK lets two tools have one name, and neither tells the names in another way.
    server.registerTool(name, {} as never, (() => undefined) as never)
    return false
  } catch {
    return true
  }
}

/**
 * Refuses scopes for a tool that does not exist: a misspelt name would leave the tool that was meant
 * open to every caller.
 *
 * @param server - one that nobody uses: it cannot be used afterwards
 * @throws TypeError that names the tool
 */
export function requireRegistered(server: OfficialServer, names: readonly string[]): void {
  const unknown = names.find((name) => !isRegistered(server, name))
  if (unknown === undefined) return
  throw new TypeError(
    `MCPServer: toolScopes names ${JSON.stringify(unknown)}, but server() registers no such tool: ` +
      'correct the name, or the tool that is meant stays without scopes',
  )
}
