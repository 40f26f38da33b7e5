/**
 * The baseline of the other grants: oidc-provider with an unbounded Map. It makes codes when it is told to
 * and answers its own interactions at once, without a page.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import Provider, { type ClientMetadata } from 'oidc-provider'
import { bareConfiguration } from '../lib/bare-configuration.ts'
import { makeSources, type WantedSources } from '../lib/grant-sources.ts'
import { MapAdapter } from '../lib/map-adapter.ts'
import { announce, readConfig } from './serve.ts'

const config = await readConfig<{
  readonly port: number
  readonly resource: string
  readonly clients: readonly ClientMetadata[]
}>()
const accountId = 'usr_bench'
const bare = bareConfiguration(config.resource, config.clients)
const provider = new Provider(`http://127.0.0.1:${config.port}`, {
  ...bare,
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  adapter: MapAdapter,
  ttl: { ...bare.ttl, AuthorizationCode: 600, DeviceCode: 600, Session: 3600, Interaction: 600 },
  features: { ...bare.features, deviceFlow: { enabled: true } },
  issueRefreshToken: async () => true,
  // As ours: every authorization is consented to and has its own grant.
  loadExistingGrant: async ({ oidc }) => {
    const grantId = oidc.result?.consent?.grantId
    return grantId === undefined ? undefined : oidc.provider.Grant.find(grantId)
  },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
})
provider.on('server_error', (_, error) => process.stderr.write(`${error.stack}\n`))

const library = provider.callback()
const server = createServer((request, response) => {
  if (request.url === '/bench/sources') void answerSources(request, response)
  else if (request.url?.startsWith('/interaction/')) void consent(request, response)
  else void library(request, response)
})

async function answerSources(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const wanted = (await json(request)) as Omit<WantedSources, 'accountId'>
  response.end(JSON.stringify(await makeSources(provider, { ...wanted, accountId })))
}

async function consent(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { params } = await provider.interactionDetails(request, response)
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) })
  grant.addResourceScope(config.resource, 'read')
  await provider.interactionFinished(request, response, {
    login: { accountId },
    consent: { grantId: await grant.save() },
  })
}

server.listen(config.port, '127.0.0.1', () => announce(server))
