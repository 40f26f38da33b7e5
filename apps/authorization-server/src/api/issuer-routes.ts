import type { TrustedIssuer } from '@holdfast/storage'
import { z } from 'zod'
import { knownIssuer, trustIssuer } from '../assertions/issuers.ts'
import { newIssuerSchema, trustSchema } from '../assertions/trust.ts'
import type { AppContext } from '../context.ts'
import { pageOf, pageQuery, timeText, toPage } from './page.ts'
import { recordChange } from './record-change.ts'
import { type AnyRoute, defineRoute } from './route.ts'

const issuerView = z.object({
  id: z.string(),
  issuer: z.string(),
  trust: trustSchema,
  created_by: z.string(),
  created_at: z.string(),
})

const view = (issuer: TrustedIssuer): z.infer<typeof issuerView> => ({
  id: issuer.id,
  issuer: issuer.issuer,
  trust: knownIssuer(issuer).trust,
  created_by: issuer.createdBy,
  created_at: timeText(issuer.createdAtMs),
})

/** Other servers whose assertions are believed; for administrators. */
export function issuerRoutes(
  context: Pick<AppContext, 'storage' | 'config' | 'revocation'>,
): readonly AnyRoute[] {
  const { storage, revocation } = context
  return [
    defineRoute({
      method: 'get',
      path: '/v1/issuers',
      scope: 'admin',
      query: pageQuery,
      response: pageOf(issuerView),
      handle: async ({ query: { limit, cursor } }) => {
        const found = await storage.trustedIssuers.list({ after: cursor, limit: limit + 1 })
        return toPage(found, limit, ({ id }) => id, view)
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/issuers',
      scope: 'admin',
      body: newIssuerSchema,
      status: 201,
      response: issuerView,
      handle: async ({ actor, body }) => {
        const made = await trustIssuer(context, body, actor.sub)
        await recordChange(storage, actor, 'issuer.added', made.id, {
          issuer: made.issuer,
          uses: body.trust.uses.join(' '),
        })
        return view(made)
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/issuers/:id',
      scope: 'admin',
      response: issuerView,
      handle: async ({ actor, params }) => {
        const removed = await revocation.removeIssuer(params['id'] ?? '')
        await recordChange(storage, actor, 'issuer.removed', removed.id, { issuer: removed.issuer })
        return view(removed)
      },
    }),
  ]
}
