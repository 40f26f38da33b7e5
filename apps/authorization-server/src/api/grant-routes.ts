import type { Grant } from '@holdfast/storage'
import { z } from 'zod'
import { recordEvent } from '../audit/recorder.ts'
import type { AppContext } from '../context.ts'
import { optionalTime, pageOf, pageQuery, timeText, toPage } from './page.ts'
import { ApiProblem } from './problem.ts'
import { type AnyRoute, defineRoute } from './route.ts'

/** What a user allowed a client. */
export const grantView = z.object({
  id: z.string(),
  user_id: z.string(),
  client_id: z.string(),
  resource: z.string(),
  scopes: z.array(z.string()),
  connections: z.record(z.string(), z.string()),
  authorization_details: z.array(z.record(z.string(), z.unknown())).nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  expires_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
})

const viewGrant = (grant: Grant): z.infer<typeof grantView> => ({
  id: grant.grantId,
  user_id: grant.userId,
  client_id: grant.clientId,
  resource: grant.resource,
  scopes: [...grant.scopes],
  connections: { ...grant.connections },
  authorization_details: grant.authorizationDetails?.map((detail) => ({ ...detail })) ?? null,
  created_at: timeText(grant.createdAtMs),
  updated_at: timeText(grant.updatedAtMs),
  expires_at: optionalTime(grant.expiresAtMs),
  revoked_at: optionalTime(grant.revokedAtMs),
})

const grantQuery = pageQuery.extend({
  client_id: z.string().max(2048).optional(),
  include_inactive: z.enum(['true', 'false']).default('false'),
})

/** What a user may do with what they granted. */
export function grantRoutes({
  storage,
  revocation,
}: Pick<AppContext, 'storage' | 'revocation'>): readonly AnyRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/grants',
      scope: 'grants:read',
      query: grantQuery,
      response: pageOf(grantView),
      handle: async ({ actor, query }) => {
        const found = await storage.grants.list({
          userId: actor.sub,
          clientId: query.client_id,
          includeInactive: query.include_inactive === 'true',
          after: query.cursor,
          limit: query.limit + 1,
        })
        return toPage(found, query.limit, ({ grantId }) => grantId, viewGrant)
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/grants/:id',
      scope: 'grants:write',
      response: grantView,
      handle: async ({ actor, params }) => {
        const id = params['id'] ?? ''
        const grant = await storage.grants.find(id)
        if (grant?.userId !== actor.sub) {
          throw new ApiProblem('NOT_FOUND', 'you have no grant with this id', {
            fix: '`holdfast grants list` shows yours.',
          })
        }
        if (grant.revokedAtMs !== undefined) return viewGrant(grant)
        const revoked = await revocation.revokeGrant(id)
        await recordEvent(storage.audit, {
          type: 'grant.revoked',
          outcome: 'success',
          actor: actor.sub,
          client: grant.clientId,
          resource: grant.resource,
          grant: id,
          request_id: actor.requestId,
        })
        return viewGrant(revoked)
      },
    }),
  ]
}
