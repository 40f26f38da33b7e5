import { type Grant, isOfApiKey, type Resource } from '@holdfast/storage'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { askForGranted } from '../connect/ask.ts'
import { type ConnectLinks, connectLinks } from '../connect/tickets.ts'
import type { AppContext, RequestState } from '../context.ts'
import { liveConnections, type NamedConnections } from './held-connections.ts'

/** The user has to connect an account first; the answer says where. */
class ConnectionRequired extends errors.CustomOIDCProviderError {
  readonly links: ConnectLinks

  constructor(links: ConnectLinks) {
    super('oauth_required', 'the user has not connected this account: send them to connect_url')
    this.links = links
  }
}

/**
 * Refuses an exchange that asks for a connection which the token will not name, or which was revoked,
 * with a link on which its user connects one. Only the resource of the grant may ask: a server that it
 * calls gets what the user let the first one use.
 *
 * @throws ConnectionRequired, InvalidRequest
 */
export async function requireConnection(
  app: Pick<AppContext, 'storage' | 'clock' | 'config'>,
  ctx: KoaContextWithOIDC,
  own: Resource,
  grant: Grant,
  connections: NamedConnections,
): Promise<void> {
  const name = ctx.oidc.params?.['connection']
  if (typeof name !== 'string') return
  if (Object.hasOwn(await liveConnections(app.storage, connections), name)) return
  if (!own.connections.some((one) => one.name === name)) {
    throw new errors.InvalidRequest('this resource was registered without such a connection')
  }
  // What a user let one server use is not widened at the word of another that it calls.
  if (grant.resource !== own.resource) {
    throw new errors.InvalidRequest(
      'the user granted this access at another resource: only that one can ask for a further connection',
    )
  }
  // What the user connected would be of use to no token of the key.
  if (isOfApiKey(grant.grantId)) {
    throw new errors.InvalidRequest(
      'this access token is of an API key, which says itself what its tokens may use: the agent needs a key that names this connection (holdfast api-keys create --connection)',
    )
  }
  const granted = await liveConnections(app.storage, grant.connections)
  if (Object.hasOwn(granted, name)) {
    throw new errors.InvalidRequest(
      'the user has connected this account, but this access token is limited to others: the agent needs another one',
    )
  }
  const { clientId } = ctx.oidc.client!
  const { requestId } = ctx.state as unknown as RequestState
  const ticket = await askForGranted(app, { grant, name, clientId, requestId })
  if (!ticket) throw new errors.InvalidRequest('too many connect links are open for this user')
  throw new ConnectionRequired(connectLinks(app.config.issuer, ticket))
}

/** Puts the links of a {@link ConnectionRequired} into the answer. */
export function addConnectLinks(koa: KoaContextWithOIDC, error: errors.OIDCProviderError): void {
  if (error instanceof ConnectionRequired) Object.assign(koa.body as object, error.links)
}
