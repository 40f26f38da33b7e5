import type { Client } from '@holdfast/storage'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { newClientSchema, registerClient } from '../registration/clients.ts'
import { documentHost } from '../registration/documents/document-url.ts'
import { optionalTime, pageOf, pageQuery, timeText, toPage } from './page.ts'
import { ApiProblem } from './problem.ts'
import { recordChange } from './record-change.ts'
import { type AnyRoute, defineRoute } from './route.ts'

/** The answer to whoever names a client that is not there. */
export const unknownClient = (): ApiProblem =>
  new ApiProblem('NOT_FOUND', 'there is no client with this id', {
    fix: '`holdfast clients list` shows them; `--documents` those with a document.',
  })

/** A registered OAuth client. */
export const clientView = z.object({
  client_id: z.string(),
  client_name: z.string().nullable(),
  source: z.enum(['builtin', 'manual', 'dynamic']),
  redirect_uris: z.array(z.string()),
  grant_types: z.array(z.string()),
  token_endpoint_auth_method: z.string(),
  jwks_uri: z.string().nullable(),
  require_pushed_authorization_requests: z.boolean(),
  dpop_bound_access_tokens: z.boolean(),
  /** The resource whose own client this is. */
  resource: z.string().nullable(),
  /** Resources that it may ask for as itself; null = every registered one. */
  resources: z.array(z.string()).nullable(),
  created_by: z.string().nullable(),
  created_at: z.string(),
  revoked_at: z.string().nullable(),
})

/** A client with its secret, which cannot be read again. */
export const registeredClientView = z.object({
  client: clientView,
  client_secret: z.string().nullable(),
})

const metadataSchema = z.object({
  client_name: z.string().nullable().catch(null),
  redirect_uris: z.array(z.string()).catch([]),
  grant_types: z.array(z.string()).catch([]),
  token_endpoint_auth_method: z.string().catch('none'),
  jwks_uri: z.string().nullable().catch(null),
  require_pushed_authorization_requests: z.boolean().catch(false),
  dpop_bound_access_tokens: z.boolean().catch(false),
})

const viewClient = (client: Client): z.infer<typeof clientView> => ({
  ...metadataSchema.parse(client.metadata),
  client_id: client.clientId,
  source: client.source,
  resource: client.resource ?? null,
  resources: client.resources ? [...client.resources] : null,
  created_by: client.createdBy ?? null,
  created_at: timeText(client.createdAtMs),
  revoked_at: optionalTime(client.revokedAtMs),
})

/** OAuth clients, as administrators manage them. */
export function clientRoutes(
  context: Pick<AppContext, 'storage' | 'revocation' | 'config'>,
): readonly AnyRoute[] {
  const { storage, revocation } = context
  return [
    defineRoute({
      method: 'get',
      path: '/v1/clients',
      scope: 'admin',
      query: pageQuery,
      response: pageOf(clientView),
      handle: async ({ query: { limit, cursor } }) => {
        const found = await storage.clients.list({ after: cursor, limit: limit + 1 })
        return toPage(found, limit, ({ clientId }) => clientId, viewClient)
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/clients',
      scope: 'admin',
      body: newClientSchema,
      status: 201,
      response: registeredClientView,
      handle: async ({ actor, body }) => {
        const { client, secret } = await registerClient(context, body, actor.sub)
        await recordChange(storage, actor, 'client.registered', client.clientId)
        return { client: viewClient(client), client_secret: secret ?? null }
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/clients/:id',
      scope: 'admin',
      response: clientView,
      handle: async ({ actor, params }) => {
        const id = params['id'] ?? ''
        const known = await storage.clients.find(id)
        const host = known ? undefined : documentHost(id)
        if (host !== undefined) {
          throw new ApiProblem(
            'NOT_FOUND',
            'this client is described by a document, not registered here',
            { fix: `Turn away its host: \`holdfast clients deny ${host}\`.` },
          )
        }
        if (!known) throw unknownClient()
        if (known.source === 'builtin') {
          throw new ApiProblem('CONFLICT', 'this client is part of the server', {
            fix: 'Take back what it was allowed instead: `holdfast grants list`, then `revoke`.',
          })
        }
        if (known.revokedAtMs !== undefined) return viewClient(known)
        await revocation.revokeClient(id)
        await recordChange(storage, actor, 'client.revoked', id)
        return viewClient((await storage.clients.find(id)) ?? known)
      },
    }),
  ]
}
