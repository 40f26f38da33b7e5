import type { Resource } from '@holdfast/storage'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { askForConnection } from '../connect/ask.ts'
import { connectUrl, pollUrl } from '../connect/tickets.ts'
import type { AppContext, RequestState } from '../context.ts'
import type { AccessTokenClaims } from '../tokens.ts'

/** The user has to connect an account first; the answer says where. */
class ConnectionRequired extends errors.CustomOIDCProviderError {
  readonly links: { readonly connect_url: string; readonly poll_url: string }

  constructor(links: ConnectionRequired['links']) {
    super('oauth_required', 'the user has not connected this account: send them to connect_url')
    this.links = links
  }
}

/**
 * Refuses an exchange that asks for a connection which the token does not name, with a link on which
 * its user connects one. What the grant got since needs a new access token, and no page. Only the
 * resource of the grant may ask: a server that it calls gets what the user let the first one use.
 *
 * @throws ConnectionRequired, InvalidRequest
 */
export async function requireConnection(
  app: Pick<AppContext, 'storage' | 'clock' | 'config'>,
  ctx: KoaContextWithOIDC,
  own: Resource,
  subject: AccessTokenClaims,
  grantId: string,
): Promise<void> {
  const name = ctx.oidc.params?.['connection']
  if (typeof name !== 'string' || subject['ddls:connections']?.[name] !== undefined) return
  const wanted = own.connections.find((one) => one.name === name)
  if (!wanted) {
    throw new errors.InvalidRequest('this resource was registered without such a connection')
  }
  const grant = await app.storage.grants.find(grantId)
  // What a user let one server use is not widened at the word of another that it calls.
  if (grant?.resource !== own.resource) {
    throw new errors.InvalidRequest(
      'the user granted this access at another resource: only that one can ask for a further connection',
    )
  }
  const handle = grant.connections[name]
  const granted = handle === undefined ? undefined : await app.storage.connections.find(handle)
  if (granted?.status === 'active') {
    throw new errors.InvalidRequest(
      'the user has connected this account since: the agent has to refresh its access token',
    )
  }
  const { clientId } = ctx.oidc.client!
  const { requestId } = ctx.state as unknown as RequestState
  const actor = { sub: subject.sub, clientId, requestId }
  const { provider } = wanted
  const agentId = grant.clientId
  const missing = { actor, agentId, resource: own.resource, grantId, name, provider }
  const ticket = await askForConnection(app, missing)
  if (!ticket) throw new errors.InvalidRequest('too many connect links are open for this user')
  const { issuer } = app.config
  throw new ConnectionRequired({
    connect_url: connectUrl(issuer, ticket),
    poll_url: pollUrl(issuer, ticket),
  })
}

/** Puts the links of a {@link ConnectionRequired} into the answer. */
export function addConnectLinks(koa: KoaContextWithOIDC, error: errors.OIDCProviderError): void {
  if (error instanceof ConnectionRequired) Object.assign(koa.body as object, error.links)
}
