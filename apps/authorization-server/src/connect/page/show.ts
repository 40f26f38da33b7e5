import {
  type Catalog,
  findProvider,
  isPasted,
  matchBaseUrl,
  type Provider,
} from '@holdfast/providers'
import { connectionPolicySchema } from '@holdfast/protocol'
import type { Connection, ConnectionInfo, ConnectTicket } from '@holdfast/storage'
import { accountOf } from '../../connections/account.ts'
import { describeAgent } from '../../interaction/describe-agent.ts'
import type { KoaContext } from '../../interaction/parts.ts'
import { loadConnectScript } from '../../views/browser-scripts.ts'
import { chooseProviderPage } from '../../views/connect-choice.ts'
import { existingPage } from '../../views/connect-existing.ts'
import { connectedTicketPage, oauthTicketPage } from '../../views/connect-oauth.ts'
import type { ConnectPageView } from '../../views/connect-page-view.ts'
import { sealingPage } from '../../views/connect-sealing.ts'
import { sendPage } from '../../views/page.ts'
import type { ConnectParts } from '../router.ts'
import { existingFor } from '../existing.ts'
import { consentPath } from '../tickets.ts'
import { ticketToken } from './access.ts'
import { policyWords } from './allow.ts'
import { sendSealingPage } from './send.ts'

const script = loadConnectScript()

/** Shows its owner the page of a ticket: the choice of a provider, of a way, or what came of it. */
export async function showTicket(
  parts: ConnectParts,
  catalog: Catalog,
  koa: KoaContext,
  ticket: ConnectTicket,
): Promise<void> {
  const { ctx } = parts
  const { handle } = ticket
  const current = handle === undefined ? undefined : await ctx.storage.connections.find(handle)
  if (ticket.connectedAtMs !== undefined && current) {
    const policy = connectionPolicySchema.parse(current.policy)
    return sendPage(
      koa,
      200,
      connectedTicketPage(current, policyWords(policy), consentPath(ticket)),
    )
  }
  const chosen = ticket.provider ?? (one(koa.query['provider']) || undefined)
  const provider = chosen === undefined ? undefined : findProvider(catalog, chosen)
  if (!provider && ticket.provider === undefined) {
    return sendPage(koa, 200, chooseProviderPage(ticket.id, catalog.providers))
  }
  const renewed = ticket.isRenewal ? current : undefined
  const view = await viewOf(parts, ticket, provider, chosen ?? '', renewed)
  if (koa.query['by'] === 'existing' && view.existing.length > 0) {
    return sendPage(koa, 200, existingPage(view, ticketToken(parts, koa, ticket.id)))
  }
  const isSignIn = renewed
    ? renewed.appHandle !== undefined
    : view.apps.length > 0 && (koa.query['by'] !== 'key' || view.kinds.length === 0)
  if (isSignIn) return sendPage(koa, 200, oauthTicketPage(view, ticketToken(parts, koa, ticket.id)))
  return sendSealingPage(koa, (nonce) => sealingPage(view, script, nonce))
}

async function viewOf(
  { ctx, provider: library }: ConnectParts,
  ticket: ConnectTicket,
  provider: Provider | undefined,
  name: string,
  renewed: Connection | undefined,
): Promise<ConnectPageView> {
  const { storage } = ctx
  const agentId = ticket.agentId ?? (ticket.resource === undefined ? ticket.clientId : undefined)
  const [resource, agent, apps, existing] = await Promise.all([
    ticket.resource === undefined ? undefined : storage.resources.find(ticket.resource),
    agentId === undefined ? undefined : describeAgent(library(), agentId),
    storage.connections.list({ purpose: 'oauth_app', limit: 200 }),
    existingFor({ storage }, ticket, name),
  ])
  const policy = connectionPolicySchema.safeParse(renewed?.policy ?? ticket.policy)
  const isTheirs = (app: { provider: string; status: string }): boolean =>
    app.provider === name && app.status === 'active'
  const own = apps.filter(
    (app) => isTheirs(app) && (renewed === undefined || app.handle === renewed.appHandle),
  )
  return {
    ticket: ticket.id,
    owner: ticket.owner,
    name: ticket.name,
    providerName: name,
    provider,
    title: provider?.title ?? name,
    resource: resource && { uri: resource.resource, name: resource.displayName },
    agent,
    isGranted: ticket.grantId !== undefined,
    returnTo: consentPath(ticket),
    allowed: policy.success ? policyWords(policy.data) : undefined,
    apps: own.map(({ handle, label, provider: title }) => ({ handle, label: label ?? title })),
    kinds: kindsOf(provider, renewed),
    existing: existing.map((one) => ({ handle: one.handle, words: describeConnection(one) })),
    renewed: renewed && {
      handle: renewed.handle,
      baseUrl: renewed.baseUrl,
      label: renewed.label ?? renewed.provider,
      variables: (provider && matchBaseUrl(provider, renewed.baseUrl)) ?? {},
    },
  }
}

const describeConnection = (connection: ConnectionInfo): string =>
  [connection.label ?? connection.provider, accountOf(connection), connection.handle]
    .filter(Boolean)
    .join(', ')

/** What can be pasted; for a renewal only what the connection already is. */
function kindsOf(
  provider: Provider | undefined,
  renewed: Connection | undefined,
): ConnectPageView['kinds'] {
  if (!provider) return []
  const isTheirs =
    !renewed ||
    provider.self_hosted === true ||
    matchBaseUrl(provider, renewed.baseUrl) !== undefined
  if (!isTheirs) return []
  const pasted = provider.kinds.filter(isPasted)
  const kind = renewed?.kind
  return kind === undefined ? pasted : pasted.filter(({ credential }) => credential.kind === kind)
}

const one = (value: string | string[] | undefined): string =>
  typeof value === 'string' ? value : ''
