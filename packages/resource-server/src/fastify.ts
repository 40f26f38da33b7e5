/**
 * Binding for Fastify.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import type { AuthInfo } from './authenticated-request.ts'
import { nodeResourceRequest } from './node-exchange.ts'
import type { ProtectedResource } from './protected-resource.ts'

export { nodeSha256, nodeVerifySignature, protectedResource } from './node.ts'

/** The parts of a Fastify request that the binding uses. */
export interface FastifyRequest {
  readonly raw: IncomingMessage & { auth?: AuthInfo }
  readonly originalUrl: string
}

/** The parts of a Fastify reply that the binding uses. */
export interface FastifyReply {
  readonly code: (status: number) => unknown
  readonly headers: (headers: Record<string, string>) => unknown
  readonly send: (body?: unknown) => unknown
}

/**
 * An `onRequest` hook that guards every route of the instance that it is added to, and unknown paths.
 * Handlers find the checked request by `requestOfAuthInfo(request.raw.auth)`.
 *
 * @example
 * ```ts
 * app.addHook('onRequest', fastifyProtection(guard))
 * ```
 */
export function fastifyProtection(
  resource: ProtectedResource,
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    const decision = await resource.check(nodeResourceRequest(request.raw, request.originalUrl))
    if (decision.answer !== undefined) {
      reply.code(decision.answer.status)
      reply.headers({ ...decision.answer.headers })
      reply.send(decision.answer.body)
      return reply
    }
    reply.headers({ ...decision.headers })
    if (decision.request !== undefined) request.raw.auth = decision.request.authInfo
    return undefined
  }
}
