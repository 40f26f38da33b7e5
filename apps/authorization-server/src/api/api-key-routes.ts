import type { ApiKey } from '@holdfast/storage'
import { z } from 'zod'
import { createApiKey, newApiKeySchema } from '../api-keys/create.ts'
import type { AppContext } from '../context.ts'
import { optionalTime, pageOf, pageQuery, timeText, toPage } from './page.ts'
import { ApiProblem } from './problem.ts'
import { recordChange } from './record-change.ts'
import { type AnyRoute, defineRoute } from './route.ts'

/** A key without the key. */
const keyView = z.object({
  id: z.string(),
  environment: z.enum(['live', 'test']),
  label: z.string().nullable(),
  /** Null: every registered one. */
  resources: z.array(z.string()).nullable(),
  /** Null: every scope of those resources. */
  scopes: z.array(z.string()).nullable(),
  /** Null: every connection of the owner. */
  connections: z.record(z.string(), z.string()).nullable(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
})

const view = (key: ApiKey): z.infer<typeof keyView> => ({
  id: key.id,
  environment: key.environment,
  label: key.label ?? null,
  resources: key.resources ? [...key.resources] : null,
  scopes: key.scopes ? [...key.scopes] : null,
  connections: key.connections ? { ...key.connections } : null,
  created_at: timeText(key.createdAtMs),
  expires_at: optionalTime(key.expiresAtMs),
  last_used_at: optionalTime(key.lastUsedAtMs),
  revoked_at: optionalTime(key.revokedAtMs),
})

/** Keys with which programs act for the caller. */
export function apiKeyRoutes(
  context: Pick<AppContext, 'storage' | 'config' | 'clock' | 'revocation'>,
): readonly AnyRoute[] {
  const { storage, revocation } = context
  return [
    defineRoute({
      method: 'get',
      path: '/v1/api-keys',
      scope: 'api-keys',
      query: pageQuery,
      response: pageOf(keyView),
      handle: async ({ actor, query: { limit, cursor } }) => {
        const found = await storage.apiKeys.list({
          owner: actor.sub,
          after: cursor,
          limit: limit + 1,
        })
        return toPage(found, limit, ({ id }) => id, view)
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/api-keys',
      scope: 'api-keys',
      body: newApiKeySchema,
      status: 201,
      response: z.object({ properties: keyView, key: z.string() }),
      handle: async ({ actor, body }) => {
        const { record, key } = await createApiKey(context, body, actor.sub)
        await recordChange(storage, actor, 'api_key.created', record.id, {
          environment: record.environment,
          limited: record.connections !== undefined,
        })
        return { properties: view(record), key }
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/api-keys/:id',
      scope: 'api-keys',
      response: keyView,
      handle: async ({ actor, params }) => {
        const known = await storage.apiKeys.find(params['id'] ?? '')
        if (known?.owner !== actor.sub) {
          throw new ApiProblem('NOT_FOUND', 'you have no API key with this id', {
            fix: '`holdfast api-keys list` shows yours.',
          })
        }
        if (known.revokedAtMs !== undefined) return view(known)
        const revoked = await revocation.revokeApiKey(known.id)
        await recordChange(storage, actor, 'api_key.revoked', known.id)
        return view(revoked)
      },
    }),
  ]
}
