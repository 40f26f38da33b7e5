import type { User } from '@holdfast/storage'
import { z } from 'zod'
import { recordEvent } from '../audit/recorder.ts'
import { disableUser } from '../connections/revoke.ts'
import type { AppContext } from '../context.ts'
import { pageOf, pageQuery, timeText, toPage } from './page.ts'
import { ApiProblem } from './problem.ts'
import { type AnyRoute, defineRoute } from './route.ts'

const role = z.enum(['admin', 'member'])

/** A person who may sign in. */
export const userView = z.object({
  id: z.string(),
  email: z.string(),
  role,
  status: z.enum(['active', 'disabled']),
  created_at: z.string(),
  updated_at: z.string(),
})

const viewUser = (user: User): z.infer<typeof userView> => ({
  id: user.id,
  email: user.email,
  role: user.role,
  status: user.status,
  created_at: timeText(user.createdAtMs),
  updated_at: timeText(user.updatedAtMs),
})

const newInvitation = z.strictObject({
  email: z.email().max(254).optional(),
  role: role.default('member'),
})

/** An invitation with its one-time link, which cannot be read again. */
export const invitationView = z.object({
  id: z.string(),
  email: z.string().nullable(),
  role,
  expires_at: z.string(),
  url: z.string(),
})

const listUsers = { fix: '`holdfast users list` shows them.' }

/** People, as administrators manage them. */
export function userRoutes(
  parts: Pick<AppContext, 'config' | 'clock' | 'storage' | 'revocation' | 'tokenMaintenance'>,
): readonly AnyRoute[] {
  const { config, clock, storage } = parts
  return [
    defineRoute({
      method: 'get',
      path: '/v1/users',
      scope: 'admin',
      query: pageQuery,
      response: pageOf(userView),
      handle: async ({ query: { limit, cursor } }) => {
        const found = await storage.users.list({ after: cursor, limit: limit + 1 })
        return toPage(found, limit, ({ id }) => id, viewUser)
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/users',
      scope: 'admin',
      body: newInvitation,
      status: 201,
      response: invitationView,
      handle: async ({ actor, body: { email, role } }) => {
        if (email !== undefined && (await storage.users.findByEmail(email))) {
          throw new ApiProblem('CONFLICT', 'a user with this e-mail address exists', listUsers)
        }
        const { invitation, key } = await storage.invitations.create({
          purpose: 'invite',
          role,
          email,
          createdBy: actor.sub,
          expiresAtMs: clock() + config.inviteTtlSeconds * 1000,
        })
        await recordEvent(storage.audit, {
          type: 'user.invited',
          outcome: 'success',
          actor: actor.sub,
          client: actor.clientId,
          subject: invitation.id,
          request_id: actor.requestId,
          detail: { role },
        })
        return {
          id: invitation.id,
          email: invitation.email ?? null,
          role: invitation.role,
          expires_at: timeText(invitation.expiresAtMs),
          url: `${config.issuer}/invite?key=${key}`,
        }
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/users/:id',
      scope: 'admin',
      response: userView,
      handle: async ({ actor, params }) => {
        const id = params['id'] ?? ''
        if (id === actor.sub) {
          throw new ApiProblem('OWN_ACCOUNT', 'you cannot disable your own account')
        }
        await disableUser(parts, actor, id)
        const user = await storage.users.find(id)
        if (!user) throw new ApiProblem('NOT_FOUND', 'there is no user with this id', listUsers)
        return viewUser(user)
      },
    }),
  ]
}
