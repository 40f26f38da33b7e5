import { ProtocolError } from '@holdfast/protocol'
import type { ToolManifest } from '@holdfast/protocol/tool-manifest'
import type { ConnectionInfo, User } from '@holdfast/storage'
import type { Client } from 'oidc-provider'
import { accountOf } from '../connections/account.ts'
import { allowsResource } from '../connections/policy.ts'
import { HttpProblem } from '../http/problem.ts'
import { parseDetails } from '../oauth/details/parse-details.ts'
import { type WantedConnection, wantedConnections } from '../oauth/details/wanted-connections.ts'
import type { KnownResource, ResourceDirectory } from '../oauth/resource-directory.ts'
import { resourceScopesOf } from '../oauth/resource-directory.ts'
import type { ConsentView } from '../views/consent.ts'
import type { ConnectionChoice, ConnectionRequest } from '../views/consent-connections.ts'
import { findClient } from '../registration/documents/find-in-library.ts'
import { describeClient, describeRedirect } from './describe-client.ts'
import type { Interaction, InteractionParts } from './parts.ts'

/** Everything that a consent is about. */
export interface ConsentRequest {
  readonly user: User
  readonly client: Client
  readonly resource: KnownResource
  readonly redirectUri: string
  /** Scopes of the resource that were asked for. */
  readonly requested: readonly string[]
  /** Those that this user may hand on. */
  readonly grantable: readonly string[]
  /** What the resource's server says that its tools do. */
  readonly tools: ToolManifest['tools']
  /** Sign-in scopes that were asked for. */
  readonly identityScopes: readonly string[]
  /** The user's connections that are in use and whose policy allows this resource. */
  readonly usable: readonly ConnectionInfo[]
  /** What the request asks for in detail, in the place of what the resource lists; undefined when it does not. */
  readonly wanted: readonly WantedConnection[] | undefined
  /** In use as well, but their policy does not. */
  readonly notAllowed: readonly ConnectionInfo[]
}

/** Only administrators can hand on the right to administer. */
const adminScope = 'admin'

/** @throws HttpProblem 400 when client, resource or user are gone since the request began */
export async function loadConsentRequest(
  { ctx, provider, directory }: InteractionParts,
  interaction: Interaction,
): Promise<ConsentRequest> {
  const { params, session } = interaction
  const scope = typeof params['scope'] === 'string' ? params['scope'] : ''
  const [client, resource, user] = await Promise.all([
    findClient(provider(), String(params['client_id'])),
    directory.resolve(String(params['resource'])),
    session?.accountId === undefined ? undefined : ctx.storage.users.find(session.accountId),
  ])
  if (!client || !resource || user?.status !== 'active') {
    throw new HttpProblem(
      400,
      'This request is no longer valid. Go back to the app and start again.',
    )
  }
  const wanted = await readDetails(directory, resource, params['authorization_details'])
  const known = new Set(resource.scopes.map(({ name }) => name))
  const requested = resourceScopesOf(scope).filter((name) => known.has(name))
  const active = (await ctx.storage.connections.list({ owner: user.id, limit: 1000 })).filter(
    ({ status }) => status === 'active',
  )
  const isUsable = (connection: ConnectionInfo): boolean =>
    allowsResource(connection, resource.resource)
  return {
    user,
    client,
    resource,
    redirectUri: String(params['redirect_uri']),
    requested,
    tools: (await ctx.storage.toolManifests.find(resource.resource)).tools,
    grantable: requested.filter(
      (name) => name !== adminScope || resource.builtIn !== 'management' || user.role === 'admin',
    ),
    identityScopes: scope
      .split(' ')
      .filter((name) => name === 'openid' || name === 'offline_access'),
    wanted,
    usable: active.filter(isUsable),
    notAllowed: active.filter((connection) => !isUsable(connection)),
  }
}

/** Checked when it was sent; looked at anew, because the resource may have changed since. */
async function readDetails(
  directory: ResourceDirectory,
  resource: KnownResource,
  asked: unknown,
): Promise<readonly WantedConnection[] | undefined> {
  if (typeof asked !== 'string') return undefined
  try {
    return await wantedConnections(directory, resource, parseDetails(asked))
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw new HttpProblem(400, `The app asks for what this server cannot give: ${error.message}.`)
  }
}

/** Those of the user's connections that may be chosen for one that the request asks for. */
export const choicesFor = (
  { usable }: Pick<ConsentRequest, 'usable'>,
  wanted: Pick<WantedConnection, 'provider' | 'identifier'>,
): readonly ConnectionInfo[] => usable.filter((connection) => fits(wanted, connection))

const fits = (
  { provider, identifier }: Pick<WantedConnection, 'provider' | 'identifier'>,
  connection: ConnectionInfo,
): boolean =>
  (provider === undefined || connection.provider === provider) &&
  (identifier === undefined || connection.handle === identifier)

/** The request in the words of the consent page. */
export function toConsentView(
  parts: InteractionParts,
  interaction: Interaction,
  request: ConsentRequest,
): Omit<ConsentView, 'error'> {
  const { client, resource, user } = request
  const scopes = resource.scopes.filter(({ name }) => request.grantable.includes(name))
  const redirect: Pick<ConsentView, 'redirectTo' | 'redirectKind'> =
    interaction.deviceCode === undefined
      ? describeRedirect(request.redirectUri)
      : { redirectTo: 'the device that shows your code', redirectKind: 'device' }
  const refreshes = client.grantTypeAllowed('refresh_token')
  return {
    uid: interaction.uid,
    csrf: parts.csrf.tokenFor(interaction.uid),
    email: user.email,
    clientId: client.clientId,
    ...describeClient(client, redirect),
    ...redirect,
    resourceName: resource.displayName,
    resource: resource.resource,
    requiredScopes: scopes.filter(({ optional }) => !optional),
    optionalScopes: scopes.filter(({ optional }) => optional),
    tools: request.tools,
    connections:
      request.wanted?.map((wanted) => toDetailedRequest(request, wanted)) ??
      resource.connections.map((wanted) => toConnectionRequest(request, wanted)),
    anyOf:
      resource.builtIn === 'dispatch' && request.wanted === undefined
        ? toChoices(request.usable)
        : undefined,
    lifetimeDays: refreshes
      ? Math.max(1, Math.round(parts.ctx.config.refreshTokenTtlSeconds / 86_400))
      : undefined,
  }
}

function toDetailedRequest(request: ConsentRequest, wanted: WantedConnection): ConnectionRequest {
  const { key, provider, description, identifier, details } = wanted
  return {
    name: key,
    provider,
    description,
    optional: false,
    choices: toChoices(choicesFor(request, wanted)),
    notAllowed: request.notAllowed.filter((connection) => fits(wanted, connection)).length,
    asked: identifier,
    actions: details.some(({ actions }) => actions === undefined)
      ? []
      : [...new Set(details.flatMap(({ actions }) => actions ?? []))],
  }
}

function toConnectionRequest(
  { usable, notAllowed }: ConsentRequest,
  wanted: KnownResource['connections'][number],
): ConnectionRequest {
  const isOfProvider = ({ provider }: ConnectionInfo): boolean => provider === wanted.provider
  return {
    name: wanted.name,
    provider: wanted.provider,
    description: wanted.description,
    optional: wanted.optional === true,
    choices: toChoices(usable.filter(isOfProvider)),
    notAllowed: notAllowed.filter(isOfProvider).length,
  }
}

/** Connections in words; those that read the same are told apart by their handles. */
function toChoices(connections: readonly ConnectionInfo[]): readonly ConnectionChoice[] {
  const choices = connections.map((connection) => ({
    handle: connection.handle,
    text: inWords(connection),
  }))
  return choices.map(({ handle, text }) =>
    choices.some((other) => other.handle !== handle && other.text === text)
      ? { handle, text: `${text} · ${handle}` }
      : { handle, text },
  )
}

function inWords(connection: ConnectionInfo): string {
  const { provider, label, baseUrl } = connection
  const host = URL.parse(baseUrl)?.host ?? baseUrl
  return [provider, label, accountOf(connection), host].filter(Boolean).join(' · ')
}
