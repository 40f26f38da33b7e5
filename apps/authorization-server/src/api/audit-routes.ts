import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { sequenceQuery } from './page.ts'
import { type AnyRoute, defineRoute } from './route.ts'

/** A record of the audit log, with what its hash covers. */
export const auditRecordView = z.object({
  seq: z.int(),
  time: z.string(),
  type: z.string(),
  outcome: z.enum(['success', 'denied', 'failed']),
  actor: z.string().optional(),
  subject: z.string().optional(),
  client: z.string().optional(),
  resource: z.string().optional(),
  connection: z.string().optional(),
  grant: z.string().optional(),
  request_id: z.string().optional(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  prev_hash: z.string(),
  hash: z.string(),
})

/** A head that the enclave signed. */
export const signedHeadView = z.object({
  seq: z.int(),
  hash: z.string(),
  time: z.string(),
  key_id: z.string(),
  signature: z.string(),
})

/** The audit log as administrators read and verify it. */
export function auditRoutes({
  storage,
  enclave,
}: Pick<AppContext, 'storage' | 'enclave'>): readonly AnyRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/audit',
      scope: 'admin',
      query: sequenceQuery,
      response: z.object({ data: z.array(auditRecordView), next_after: z.int().nullable() }),
      handle: async ({ query: { after, limit } }) => {
        const found = await storage.audit.read({ after, limit: limit + 1 })
        const data = found.slice(0, limit)
        return {
          data,
          next_after: found.length > limit ? (data.at(-1)?.seq ?? null) : null,
        }
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/audit/head',
      scope: 'admin',
      response: z.object({
        latest: z.object({ seq: z.int(), hash: z.string() }),
        stored: signedHeadView.nullable(),
        /** What the enclave remembers by itself; null also while it is away. */
        enclave: signedHeadView.nullable(),
      }),
      handle: async () => ({
        latest: await storage.audit.head(),
        stored: (await storage.audit.latestSignedHead()) ?? null,
        enclave: (await enclave.latestHead().catch(() => undefined)) ?? null,
      }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/audit/heads',
      scope: 'admin',
      query: sequenceQuery,
      response: z.object({ data: z.array(signedHeadView), next_after: z.int().nullable() }),
      handle: async ({ query: { after, limit } }) => {
        const found = await storage.audit.signedHeads({ after, limit: limit + 1 })
        const data = found.slice(0, limit)
        return { data, next_after: found.length > limit ? (data.at(-1)?.seq ?? null) : null }
      },
    }),
  ]
}
