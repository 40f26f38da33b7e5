import { type GrantedConnectionDetail, parseConnectionHandle } from '@holdfast/protocol'
import type { ConnectionInfo, JsonObject } from '@holdfast/storage'
import { consentPage } from '../views/consent.ts'
import { sendPage } from '../views/page.ts'
import {
  choicesFor,
  type ConsentRequest,
  loadConsentRequest,
  toConsentView,
} from './consent-request.ts'
import type { WantedConnection } from '../oauth/details/wanted-connections.ts'
import { finish, type Interaction, type InteractionParts, type KoaContext } from './parts.ts'

/** Shows who asks for what. */
export async function showConsent(
  parts: InteractionParts,
  koa: KoaContext,
  interaction: Interaction,
  error?: string,
): Promise<void> {
  const request = await loadConsentRequest(parts, interaction)
  const view = toConsentView(parts, interaction, request)
  await sendPage(koa, error === undefined ? 200 : 400, consentPage({ ...view, error }))
}

interface ChosenConnections {
  readonly connections: Record<string, string>
  /** What may be done with them, where the request asked in detail. */
  readonly details?: readonly GrantedConnectionDetail[]
}

/** What the user allowed, or what is wrong with the form. */
type Choice =
  ({ readonly scopes: readonly string[] } & ChosenConnections) | { readonly problem: string }

/** Records what the user allowed and goes on. Only what the page offered can be chosen. */
export async function submitConsent(
  parts: InteractionParts,
  koa: KoaContext,
  interaction: Interaction,
  form: URLSearchParams,
): Promise<void> {
  const request = await loadConsentRequest(parts, interaction)
  const choice = readChoice(request, form)
  if ('problem' in choice) return showConsent(parts, koa, interaction, choice.problem)

  const { ctx } = parts
  const { user, client, resource } = request
  const grant = new (parts.provider().Grant)({ accountId: user.id, clientId: client.clientId })
  if (request.identityScopes.length > 0) grant.addOIDCScope(request.identityScopes.join(' '))
  grant.addResourceScope(resource.resource, choice.scopes.join(' '))
  const declined = request.requested.filter((name) => !choice.scopes.includes(name))
  if (declined.length > 0) grant.rejectResourceScope(resource.resource, declined.join(' '))
  for (const detail of choice.details ?? []) grant.addRar(detail)
  const grantId = await grant.save()

  await ctx.storage.grants.put({
    grantId,
    userId: user.id,
    clientId: client.clientId,
    resource: resource.resource,
    scopes: choice.scopes,
    connections: choice.connections,
    authorizationDetails: choice.details as readonly JsonObject[] | undefined,
    expiresAtMs: ctx.clock() + ctx.config.refreshTokenTtlSeconds * 1000,
  })
  await ctx.storage.audit.append({
    type: 'consent.granted',
    outcome: 'success',
    actor: user.id,
    client: client.clientId,
    resource: resource.resource,
    grant: grantId,
    request_id: koa.state.requestId,
    detail: {
      scopes: choice.scopes.join(' '),
      connections: Object.values(choice.connections).join(' '),
      ...(choice.details && { authorization_details: JSON.stringify(choice.details) }),
    },
  })
  return finish(parts, koa, { consent: { grantId } })
}

/** Ends the authorization with `access_denied`. */
export async function denyInteraction(
  parts: InteractionParts,
  koa: KoaContext,
  interaction: Interaction,
): Promise<void> {
  await parts.ctx.storage.audit.append({
    type: interaction.prompt.name === 'consent' ? 'consent.denied' : 'sign_in.cancelled',
    outcome: 'denied',
    actor: interaction.session?.accountId,
    client: String(interaction.params['client_id']),
    resource: String(interaction.params['resource']),
    request_id: koa.state.requestId,
  })
  return finish(parts, koa, {
    error: 'access_denied',
    error_description: 'the user did not allow the request',
  })
}

function readChoice(request: ConsentRequest, form: URLSearchParams): Choice {
  const { resource, grantable, usable, wanted } = request
  const ticked = new Set(form.getAll('scope'))
  const scopes = resource.scopes
    .filter(({ name, optional }) => grantable.includes(name) && (!optional || ticked.has(name)))
    .map(({ name }) => name)
  if (scopes.length === 0) {
    return { problem: 'Nothing is left that could be allowed: tick at least one entry, or deny.' }
  }
  if (wanted) {
    const chosen = chooseWanted(request, wanted, form)
    return 'problem' in chosen ? chosen : { scopes, ...chosen }
  }
  if (resource.builtIn === 'dispatch') {
    const chosen = usable.filter(({ handle }) => form.getAll('connection').includes(handle))
    if (chosen.length === 0) return { problem: 'Tick at least one connection, or deny.' }
    return { scopes, connections: nameConnections(chosen) }
  }
  const connections: Record<string, string> = {}
  for (const { name, provider, optional } of resource.connections) {
    const handle = form.get(`connection.${name}`) ?? ''
    if (handle === '' && optional) continue
    const chosen = usable.find((own) => own.handle === handle && own.provider === provider)
    if (!chosen) return { problem: `Choose a ${provider} connection for “${name}”.` }
    connections[name] = chosen.handle
  }
  return { scopes, connections }
}

/** The details with the connections that the user chose for them. */
function chooseWanted(
  request: ConsentRequest,
  wanted: readonly WantedConnection[],
  form: URLSearchParams,
): ChosenConnections | { readonly problem: string } {
  const chosen: { readonly want: WantedConnection; readonly info: ConnectionInfo }[] = []
  for (const want of wanted) {
    const handle = form.get(`connection.${want.key}`)
    const info = choicesFor(request, want).find((own) => own.handle === handle)
    if (!info) return { problem: `Choose a connection for “${want.key}”.` }
    chosen.push({ want, info })
  }
  const connections: Record<string, string> = {}
  // Those that have a name keep it; the others are named around them.
  const ordered = chosen.toSorted((a, b) => Number(!a.want.name) - Number(!b.want.name))
  const details = ordered.flatMap(({ want, info }) => {
    const name = want.name ?? freeName(connections, info)
    connections[name] = info.handle
    const granted = {
      identifier: parseConnectionHandle(info.handle),
      provider: info.provider,
      name,
    }
    return want.details.map((detail) => ({ ...detail, ...granted }))
  })
  return { connections, details }
}

/** Names for directly used connections: their own name, label or provider, numbered when repeated. */
export function nameConnections(
  connections: readonly Pick<ConnectionInfo, 'handle' | 'name' | 'label' | 'provider'>[],
): Record<string, string> {
  const named: Record<string, string> = {}
  for (const connection of connections) named[freeName(named, connection)] = connection.handle
  return named
}

function freeName(
  taken: Readonly<Record<string, string>>,
  { name, label, provider }: Pick<ConnectionInfo, 'name' | 'label' | 'provider'>,
): string {
  const base = name ?? (slug(label ?? '') || provider)
  let unique = base
  for (let n = 2; Object.hasOwn(taken, unique); n += 1) unique = `${base}-${n}`
  return unique
}

const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
