import { isDeepStrictEqual } from 'node:util'
import { findProvider, matchBaseUrl, type Catalog } from '@holdfast/providers'
import type { Connection, ConnectTicket } from '@holdfast/storage'
import { canonicalPolicy, policyJson } from '../../connections/policy.ts'
import {
  type OpenUpload,
  reopenUpload,
  reserveConnection,
  reserveOAuthConnection,
} from '../../connections/reserve.ts'
import { revokeConnection } from '../../connections/revoke.ts'
import type { AppContext } from '../../context.ts'
import { HttpProblem } from '../../http/problem.ts'
import { maxAttempts } from '../tickets.ts'
import { actorOf } from './access.ts'
import { type Allow, policyOf } from './allow.ts'

/** What the person chose on the page; no secret. */
export interface Choice {
  readonly provider: string
  readonly baseUrl: string
  readonly allow: Allow
}

/**
 * Opens an upload for a ticket: of the connection to renew, of the one that was reserved before, or of a
 * new one, which takes the former's place.
 *
 * @throws HttpProblem 400, 409, 429
 */
export async function reserveForTicket(
  ctx: AppContext,
  catalog: Catalog,
  ticket: ConnectTicket,
  choice: Choice,
  requestId: string,
): Promise<OpenUpload> {
  const actor = actorOf(ticket, requestId)
  await countAttempt(ctx, ticket)
  const current = await currentOf(ctx, ticket)
  if (ticket.isRenewal) {
    if (current?.provider !== choice.provider || current.baseUrl !== choice.baseUrl) throw misfit()
    return reopenUpload(ctx, actor, current.handle)
  }
  requireTheirs(catalog, ticket, choice)
  const isTheirs = current?.provider === choice.provider && current.baseUrl === choice.baseUrl
  const isKey = isTheirs && current.appHandle === undefined
  if (isKey && (await isAllowed(ctx, ticket, current, choice.allow))) {
    return reopenUpload(ctx, actor, current.handle)
  }
  const opened = await reserveConnection(ctx, actor, {
    provider: choice.provider,
    name: ticket.name ?? choice.provider,
    label: ticket.label,
    baseUrl: choice.baseUrl,
    policy: policyOf(ticket, choice.allow, ctx.config),
  })
  await takePlace(ctx, ticket, opened.connection.handle, requestId)
  return opened
}

/** Names the connection that a sign-in with an OAuth app will fill. @throws HttpProblem 409, 429 */
export async function reserveOAuthForTicket(
  ctx: AppContext,
  ticket: ConnectTicket,
  { app, allow }: { readonly app: string; readonly allow: Allow },
  requestId: string,
): Promise<string> {
  await countAttempt(ctx, ticket)
  const current = await currentOf(ctx, ticket)
  const isTheirs = current?.appHandle === app
  if (isTheirs && (ticket.isRenewal || (await isAllowed(ctx, ticket, current, allow)))) {
    return current.handle
  }
  if (ticket.isRenewal) throw misfit()
  const known = await ctx.storage.connections.find(app)
  if (ticket.provider !== undefined && known?.provider !== ticket.provider) throw misfit()
  const { handle } = await reserveOAuthConnection(ctx, actorOf(ticket, requestId), {
    appHandle: app,
    name: ticket.name ?? known?.provider,
    label: ticket.label,
    policy: policyOf(ticket, allow, ctx.config),
  })
  await takePlace(ctx, ticket, handle, requestId)
  return handle
}

/** Whether a connection that was reserved before allows what is chosen now, and nothing else. */
async function isAllowed(
  { storage, config }: AppContext,
  ticket: ConnectTicket,
  { policy }: Connection,
  allow: Allow,
): Promise<boolean> {
  const wanted = await canonicalPolicy(storage.resources, policyOf(ticket, allow, config))
  return isDeepStrictEqual(policy, policyJson(wanted))
}

async function countAttempt({ storage }: AppContext, { id }: ConnectTicket): Promise<void> {
  if (await storage.connectTickets.attempt(id, maxAttempts)) return
  throw new HttpProblem(429, 'This link was tried too often. Start again where you got it.')
}

async function currentOf(
  { storage }: AppContext,
  { handle, owner }: ConnectTicket,
): Promise<Connection | undefined> {
  const current = handle === undefined ? undefined : await storage.connections.find(handle)
  return current?.owner === owner && current.status !== 'revoked' ? current : undefined
}

/** The catalog's word decides where a key of a provider may go, not the page's. */
function requireTheirs(catalog: Catalog, ticket: ConnectTicket, choice: Choice): void {
  const provider = findProvider(catalog, choice.provider)
  const isWanted = ticket.provider === undefined || ticket.provider === choice.provider
  const isTheirs =
    provider &&
    (provider.self_hosted === true || matchBaseUrl(provider, choice.baseUrl) !== undefined)
  if (!isWanted || !isTheirs) throw misfit()
}

async function takePlace(
  ctx: AppContext,
  ticket: ConnectTicket,
  handle: string,
  requestId: string,
): Promise<void> {
  const former = ticket.handle
  const isOurs = await ctx.storage.connectTickets.setHandle(ticket.id, former, handle)
  const superfluous = isOurs ? former : handle
  if (superfluous !== undefined) {
    await revokeConnection(ctx, actorOf(ticket, requestId), superfluous)
  }
  if (!isOurs) throw new HttpProblem(409, 'This link is in use in another tab, or has expired.')
}

const misfit = (): HttpProblem =>
  new HttpProblem(400, 'This link is for another account than the one that was chosen.')
