import type { ClientHost } from '@holdfast/storage'
import { z } from 'zod'
import type { AppContext } from '../context.ts'
import { documentHost } from '../registration/documents/document-url.ts'
import { optionalTime, pageOf, pageQuery, timeText, toPage } from './page.ts'
import { ApiProblem } from './problem.ts'
import { recordChange } from './record-change.ts'
import { type AnyRoute, defineRoute } from './route.ts'

const decisions = ['waiting', 'approved', 'denied'] as const

/** A host whose documents name clients, and what was decided about it. */
const hostView = z.object({
  host: z.string(),
  decision: z.enum(decisions),
  /** The client by which it became known. */
  client_id: z.string().nullable(),
  first_seen_at: z.string(),
  decided_by: z.string().nullable(),
  decided_at: z.string().nullable(),
})

const viewHost = (host: ClientHost): z.infer<typeof hostView> => ({
  host: host.host,
  decision: host.decision,
  client_id: host.clientId ?? null,
  first_seen_at: timeText(host.firstSeenMs),
  decided_by: host.decidedBy ?? null,
  decided_at: optionalTime(host.decidedAtMs),
})

/** Which hosts an administrator lets speak for clients. */
export function clientHostRoutes({
  storage,
  revocation,
}: Pick<AppContext, 'storage' | 'revocation'>): readonly AnyRoute[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/client-hosts',
      scope: 'admin',
      query: pageQuery.extend({ decision: z.enum(decisions).optional() }),
      response: pageOf(hostView),
      handle: async ({ query: { limit, cursor, decision } }) => {
        const found = await storage.clientHosts.list({ after: cursor, limit: limit + 1, decision })
        return toPage(found, limit, ({ host }) => host, viewHost)
      },
    }),
    defineRoute({
      method: 'put',
      path: '/v1/client-hosts/:host',
      scope: 'admin',
      body: z.strictObject({ decision: z.enum(['approved', 'denied']) }),
      response: hostView,
      handle: async ({ actor, params, body: { decision } }) => {
        const host = requireHost(params['host'] ?? '')
        const decided =
          decision === 'approved'
            ? await storage.clientHosts.approve(host, actor.sub)
            : await revocation.denyClientHost(host, actor.sub)
        await recordChange(storage, actor, `client_host.${decision}`, host)
        return viewHost(decided)
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/client-hosts/:host',
      scope: 'admin',
      response: z.object({ host: z.string() }),
      handle: async ({ actor, params }) => {
        const host = requireHost(params['host'] ?? '')
        if (!(await storage.clientHosts.forget(host))) {
          throw new ApiProblem('NOT_FOUND', 'nothing is known about this host', {
            fix: '`holdfast clients list --hosts` shows which are.',
          })
        }
        await recordChange(storage, actor, 'client_host.forgotten', host)
        return { host }
      },
    }),
  ]
}

function requireHost(text: string): string {
  const host = documentHost(`https://${text}/`)
  if (host !== undefined && host === text.toLowerCase()) return host
  throw new ApiProblem('INVALID_REQUEST', 'this is not a host, or host:port, as in a client id')
}
