/**
 * MCP servers of the official TypeScript SDKs, v2 (`@modelcontextprotocol/server`) and v1
 * (`@modelcontextprotocol/sdk`), behind a guard. Imports neither.
 *
 * @module
 */
export type { AuthorizationOptions } from './authorization.ts'
export {
  type AuthorizedHandler,
  authorizedTool,
  type AuthorizedToolOptions,
  type ToolCallback,
  type ToolContext,
} from './authorized-tool.ts'
export { DispatchError } from './dispatch-error.ts'
export type { ToolManifest } from './manifest.ts'
export type { ClientRequests } from './elicitation.ts'
export {
  type HandlerContext,
  MCPServer,
  type MCPServerOptions,
  type OfficialHandler,
  type OfficialServer,
  type StepUp,
} from './mcp-server.ts'
export { type ConnectableServer, statelessHandler, type WebTransport } from './stateless-handler.ts'
export { ToolError } from './tool-error.ts'
export { type InputSchema, tool, type Tool, type ToolOptions } from './tool.ts'
export type { CallContext, ResultResource, ToolContent, ToolResult } from './tool-result.ts'
