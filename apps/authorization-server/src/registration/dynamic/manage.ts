import { type Client, StorageError } from '@holdfast/storage'
import type Koa from 'koa'
import type { AppContext, RequestState } from '../../context.ts'
import { notAllowed } from '../../http/allow-methods.ts'
import { HttpProblem } from '../../http/problem.ts'
import { newSecret } from '../clients.ts'
import { acceptMetadata } from '../self-service-metadata.ts'
import { registrationAnswer } from './answer.ts'
import { bearerToken, invalidToken } from './bearer.ts'
import { readMetadata } from './read-metadata.ts'
import { dynamicRules, hashOf, needsSecret, newManagementToken } from './register-dynamic.ts'

type Context = Koa.ParameterizedContext<RequestState>

const readOnlyFields = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
]

/**
 * What a client may do to its own registration.
 * @throws HttpProblem 401 for another token than the client's, RegistrationError
 * @see {@link https://www.rfc-editor.org/rfc/rfc7592#section-2}
 */
export async function manageClient(ctx: AppContext, koa: Context, clientId: string): Promise<void> {
  const token = bearerToken(koa.req)
  const client =
    token === undefined
      ? undefined
      : await ctx.storage.dynamicClients.findManaged(clientId, hashOf(token))
  if (!client || token === undefined) throw notItsToken()
  if (koa.method === 'GET') {
    koa.body = registrationAnswer(ctx.config.issuer, { client, managementToken: token })
  } else if (koa.method === 'PUT') {
    await update(ctx, koa, client, hashOf(token))
  } else if (koa.method === 'DELETE') {
    await ctx.revocation.revokeClient(client.clientId)
    await audit(ctx, koa, 'client.deleted', client.clientId)
    koa.status = 204
  } else {
    throw notAllowed('GET, PUT, DELETE')
  }
}

async function update(
  ctx: AppContext,
  koa: Context,
  client: Client,
  expectedHash: Uint8Array,
): Promise<void> {
  const { storage, config } = ctx
  const given = await readMetadata(koa.req)
  const readOnly = readOnlyFields.find((field) => field in given)
  if (readOnly !== undefined) throw refused(`${readOnly}: must not be sent`)
  if (given['client_id'] !== client.clientId) throw refused('client_id: is not that of this client')
  const stated = given['client_secret']
  if (
    stated !== undefined &&
    !(typeof stated === 'string' && (await storage.clients.checkSecret(client.clientId, stated)))
  ) {
    throw refused('client_secret: is not that of this client')
  }
  const metadata = acceptMetadata(given, dynamicRules(config))
  if (metadata['token_endpoint_auth_method'] === 'none') {
    throw refused('token_endpoint_auth_method: register again to become a public client')
  }
  const secret = needsSecret(metadata) && !client.hasSecret ? newSecret() : undefined
  const managementToken = newManagementToken()
  const updated = await storage.dynamicClients
    .update(client.clientId, {
      metadata,
      secret: needsSecret(metadata) ? secret : null,
      expectedHash,
      managementHash: hashOf(managementToken),
    })
    .catch((error: unknown) => {
      throw error instanceof StorageError && error.code === 'NOT_FOUND' ? notItsToken() : error
    })
  await audit(ctx, koa, 'client.updated', client.clientId)
  koa.body = registrationAnswer(config.issuer, { client: updated, secret, managementToken })
}

const notItsToken = (): HttpProblem =>
  invalidToken('the registration access token is not that of this client')

const refused = (message: string): HttpProblem =>
  new HttpProblem(400, message, { error: 'invalid_client_metadata' })

const audit = (
  { storage }: AppContext,
  koa: Context,
  type: 'client.updated' | 'client.deleted',
  clientId: string,
) =>
  storage.audit.append({
    type,
    outcome: 'success',
    actor: clientId,
    subject: clientId,
    request_id: koa.state.requestId,
  })
