import type { RegistrationToken } from '@holdfast/storage'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { shownText } from '../registration/errors.ts'
import { optionalTime, pageOf, pageQuery, timeText, toPage } from './page.ts'
import { recordChange } from './record-change.ts'
import { type AnyRoute, defineRoute } from './route.ts'

/** An initial access token of RFC 7591, without the token. */
const tokenView = z.object({
  id: z.string(),
  label: z.string().nullable(),
  /** Null: as many as the time allows. */
  uses_left: z.int().nullable(),
  created_by: z.string(),
  created_at: z.string(),
  expires_at: z.string(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
})

const view = (token: RegistrationToken): z.infer<typeof tokenView> => ({
  id: token.id,
  label: token.label ?? null,
  uses_left: token.usesLeft ?? null,
  created_by: token.createdBy,
  created_at: timeText(token.createdAtMs),
  expires_at: timeText(token.expiresAtMs),
  last_used_at: optionalTime(token.lastUsedAtMs),
  revoked_at: optionalTime(token.revokedAtMs),
})

/** Initial access tokens, with which clients register where registration is not open to everyone. */
export function registrationTokenRoutes({
  storage,
  clock,
}: Pick<AppContext, 'storage' | 'clock'>): readonly AnyRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/registration-tokens',
      scope: 'admin',
      query: pageQuery,
      response: pageOf(tokenView),
      handle: async ({ query: { limit, cursor } }) => {
        const found = await storage.registrationTokens.list({ after: cursor, limit: limit + 1 })
        return toPage(found, limit, ({ id }) => id, view)
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/registration-tokens',
      scope: 'admin',
      body: z.strictObject({
        label: shownText(100).optional(),
        /** Absent: as many as the time allows. */
        uses: z.int().min(1).max(100_000).optional(),
        expires_in: z
          .int()
          .min(60)
          .max(365 * 86_400)
          .default(7 * 86_400),
      }),
      status: 201,
      response: z.object({ registration: tokenView, token: z.string() }),
      handle: async ({ actor, body }) => {
        const { record, token } = await storage.registrationTokens.create({
          label: body.label,
          usesLeft: body.uses,
          createdBy: actor.sub,
          expiresAtMs: clock() + body.expires_in * 1000,
        })
        await recordChange(storage, actor, 'registration_token.created', record.id)
        return { registration: view(record), token }
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/registration-tokens/:id',
      scope: 'admin',
      response: tokenView,
      handle: async ({ actor, params }) => {
        const revoked = await storage.registrationTokens.revoke(params['id'] ?? '')
        await recordChange(storage, actor, 'registration_token.revoked', revoked.id)
        return view(revoked)
      },
    }),
  ]
}
