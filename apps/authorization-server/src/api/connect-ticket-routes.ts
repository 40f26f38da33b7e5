import { connectionPolicySchema, providerNameSchema } from '@holdfast/protocol'
import type { ConnectTicket } from '@holdfast/storage'
import type Koa from 'koa'
import { z } from 'zod'
import { useExisting } from '../connect/existing.ts'
import { connectLinks, createTicket, ticketStatus } from '../connect/tickets.ts'
import type { AppContext, RequestState } from '../context.ts'
import { HttpProblem } from '../http/problem.ts'
import { cliClientId } from '../oauth/built-in-clients.ts'
import { createClientAuthentication } from '../oauth/client-authentication.ts'
import { connectionName } from './connection-routes.ts'
import { requireKnownProvider } from './known-provider.ts'
import { timeText } from './page.ts'
import { ApiProblem } from './problem.ts'
import { type AnyRoute, defineRoute } from './route.ts'

/** Path of one ticket. */
export const connectTicketPath = '/v1/connect-tickets/:id'

const newTicket = z
  .strictObject({
    /** Default: the person chooses. */
    provider: providerNameSchema.optional(),
    /** Name under which a resource asks for it. Default: the provider. */
    name: connectionName.optional(),
    label: z.string().trim().max(120).optional(),
    /** Default: the person chooses. */
    policy: connectionPolicySchema.optional(),
    /** An own connection that gets a new value, or a new sign-in. */
    handle: z.string().max(128).optional(),
  })
  .refine(({ handle, ...rest }) => handle === undefined || Object.keys(rest).length === 0, {
    path: ['handle'],
    message: 'a connection that is renewed stays what it is: leave the rest out',
  })

const statusView = z.object({
  status: z.enum(['pending', 'connected', 'expired']),
  /** As Dedalus clients ask. */
  connected: z.boolean(),
  /** The connection, once it is connected. */
  handle: z.string().nullable(),
})

const ticketView = statusView.extend({
  id: z.string(),
  connect_url: z.string(),
  poll_url: z.string(),
  expires_at: z.string(),
  /** Undefined parts are the person's choice. */
  provider: z.string().nullable(),
  name: z.string().nullable(),
  /** The server that asked for it. */
  resource: z.string().nullable(),
})

const answer = z.strictObject({ handle: z.string().max(128) })

/** Links on which a person connects an account in a browser. */
export function connectTicketRoutes(ctx: AppContext): readonly AnyRoute[] {
  const { config, storage, clock } = ctx
  const view = (ticket: ConnectTicket): z.infer<typeof ticketView> => ({
    ...viewStatus(ticket, clock()),
    id: ticket.id,
    ...connectLinks(config.issuer, ticket),
    expires_at: timeText(ticket.usableUntilMs),
    provider: ticket.provider ?? null,
    name: ticket.name ?? null,
    resource: ticket.resource ?? null,
  })
  const findOwn = async (id: string | undefined, owner: string): Promise<ConnectTicket> => {
    const ticket = await storage.connectTickets.find(id ?? '')
    if (ticket?.owner !== owner) throw unknown()
    return ticket
  }
  return [
    defineRoute({
      method: 'post',
      path: '/v1/connect-tickets',
      scope: 'connections:write',
      body: newTicket,
      status: 201,
      response: ticketView,
      handle: async ({ actor, body }) => {
        if (body.provider !== undefined) await requireKnownProvider(ctx, body.provider)
        return view(await createTicket(ctx, actor, body))
      },
    }),
    defineRoute({
      method: 'get',
      path: connectTicketPath,
      scope: 'connections:read',
      response: ticketView,
      handle: async ({ actor, params }) => view(await findOwn(params['id'], actor.sub)),
    }),
    defineRoute({
      method: 'post',
      path: `${connectTicketPath}/connection`,
      scope: 'connections:write',
      body: answer,
      response: ticketView,
      handle: async ({ actor, params, body }) => {
        const ticket = await findOwn(params['id'], actor.sub)
        // An app that may change connections must not give itself what its user did not grant it.
        if (ticket.grantId !== undefined && actor.clientId !== cliClientId) throw notInPerson()
        await useExisting(ctx, actor, ticket, body.handle)
        return view(await findOwn(ticket.id, actor.sub))
      },
    }),
  ]
}

/** The handle is told only once it leads somewhere. */
function viewStatus(ticket: ConnectTicket, nowMs: number): z.infer<typeof statusView> {
  const status = ticketStatus(ticket, nowMs)
  const connected = status === 'connected'
  return { status, connected, handle: connected ? (ticket.handle ?? null) : null }
}

const notInPerson = (): ApiProblem =>
  new ApiProblem('USER_REQUIRED', 'this link gives an app access: its owner answers it in person', {
    fix: 'Open the link, or run `holdfast connections add` with `--ticket`.',
  })

const unknown = (): ApiProblem =>
  new ApiProblem('NOT_FOUND', 'you have no connect link with this id', {
    fix: '`holdfast connections link` makes one.',
  })

/**
 * `GET /v1/connect-tickets/{id}` for the resource server that was answered with the link, as its own
 * client; anybody else is passed on.
 */
export function serveTicketStatus(ctx: AppContext): Koa.Middleware<RequestState> {
  const authenticate = createClientAuthentication(ctx)
  return async (koa, next) => {
    if (!/^basic /i.test(koa.get('Authorization'))) return next()
    const { client, method } = await authenticate(koa.req).catch((error: unknown) => {
      if (!(error instanceof HttpProblem) || error.status !== 401) throw error
      throw new ApiProblem('UNAUTHORIZED', 'client authentication failed', {
        cause: error,
        headers: { 'WWW-Authenticate': 'Basic realm="holdfast"' },
      })
    })
    const { id = '' } = (koa as unknown as { params: Record<string, string> }).params
    const ticket = await ctx.storage.connectTickets.find(id)
    const isTheirs = method !== 'none' && ticket?.clientId === client.clientId
    if (!isTheirs) throw unknown()
    koa.set('Cache-Control', 'no-store')
    koa.body = viewStatus(ticket, ctx.clock())
    return undefined
  }
}
