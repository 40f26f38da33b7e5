/**
 * The checked request for code that gets no context argument. Needs `node:async_hooks`, which Node,
 * Deno, Bun and Workers (with `nodejs_compat`) have.
 *
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { AuthenticatedRequest } from './authenticated-request.ts'
import { installContext } from './context-hook.ts'

const storage = new AsyncLocalStorage<AuthenticatedRequest | undefined>()
installContext((request, work) => storage.run(request, work))

/**
 * The checked request that the running handler of an `MCPServer` serves.
 *
 * @example
 * ```ts
 * const { auth } = getContext()
 * log(`${auth.subject} may ${auth.scopes.join(' ')}`)
 * ```
 * @throws Error outside of a request, or when its token was not checked
 */
export function getContext(): AuthenticatedRequest {
  const request = storage.getStore()
  if (request === undefined) throw new Error('getContext: no checked request is being served')
  return request
}
