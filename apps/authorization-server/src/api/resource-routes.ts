import type { Resource } from '@holdfast/storage'
import { z } from 'zod'
import { type AuditEventType, recordEvent } from '../audit/recorder.ts'
import type { Actor } from '../connections/parts.ts'
import type { AppContext } from '../context.ts'
import { changedResourceSchema, newResourceSchema } from '../registration/resource-schemas.ts'
import { registerResource, removeResource, updateResource } from '../registration/resources.ts'
import { pageOf, pageQuery, timeText, toPage } from './page.ts'
import { type AnyRoute, defineRoute } from './route.ts'

/** A registered resource server. */
export const resourceView = z.object({
  resource: z.string(),
  display_name: z.string(),
  aliases: z.array(z.string()),
  scopes: z.array(
    z.object({ name: z.string(), description: z.string(), optional: z.boolean().optional() }),
  ),
  connections: z.array(
    z.object({
      name: z.string(),
      provider: z.string(),
      description: z.string(),
      optional: z.boolean().optional(),
    }),
  ),
  dpop: z.enum(['off', 'preferred', 'required']),
  dpop_nonce: z.boolean(),
  client_id: z.string().nullable(),
  deployment_id: z.string().nullable(),
  created_by: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
})

/** A resource with the secrets of its own client and deployment, which cannot be read again. */
export const registeredResourceView = z.object({
  resource: resourceView,
  client: z.object({ id: z.string(), secret: z.string() }),
  /** `DEDALUS_DEPLOYMENT_ID` and `DEDALUS_AUTH_SECRET` of a Dedalus server. */
  deployment: z.object({ id: z.string(), secret: z.string() }).nullable(),
})

const viewResource = (resource: Resource): z.infer<typeof resourceView> => ({
  resource: resource.resource,
  display_name: resource.displayName,
  aliases: [...resource.aliases],
  scopes: [...resource.scopes],
  connections: [...resource.connections],
  dpop: resource.dpop,
  dpop_nonce: resource.dpopNonce,
  client_id: resource.clientId ?? null,
  deployment_id: resource.deploymentId ?? null,
  created_by: resource.createdBy ?? null,
  created_at: timeText(resource.createdAtMs),
  updated_at: timeText(resource.updatedAtMs),
})

/** MCP servers, as administrators manage them. */
export function resourceRoutes(
  context: Pick<AppContext, 'config' | 'storage' | 'revocation'>,
): readonly AnyRoute[] {
  const { storage } = context
  const audit = (type: AuditEventType, actor: Actor, resource: string) =>
    recordEvent(storage.audit, {
      type,
      outcome: 'success',
      actor: actor.sub,
      resource,
      request_id: actor.requestId,
    })
  return [
    defineRoute({
      method: 'get',
      path: '/v1/resources',
      scope: 'admin',
      query: pageQuery,
      response: pageOf(resourceView),
      handle: async ({ query: { limit, cursor } }) => {
        const found = await storage.resources.list({ after: cursor, limit: limit + 1 })
        return toPage(found, limit, ({ resource }) => resource, viewResource)
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/resources',
      scope: 'admin',
      body: newResourceSchema,
      status: 201,
      response: registeredResourceView,
      handle: async ({ actor, body }) => {
        const made = await registerResource(context, body, actor.sub)
        await audit('resource.registered', actor, made.resource.resource)
        return {
          resource: viewResource(made.resource),
          client: made.client,
          deployment: made.deployment ?? null,
        }
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/v1/resources/:uri',
      scope: 'admin',
      body: changedResourceSchema,
      response: resourceView,
      handle: async ({ actor, body, params }) => {
        const updated = await updateResource(context, params['uri'] ?? '', body)
        await audit('resource.updated', actor, updated.resource)
        return viewResource(updated)
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/resources/:uri',
      scope: 'admin',
      response: resourceView,
      handle: async ({ actor, params }) => {
        const removed = await removeResource(context, params['uri'] ?? '')
        await audit('resource.removed', actor, removed.resource)
        return viewResource(removed)
      },
    }),
  ]
}
