/**
 * The baseline of the token and refresh benchmarks: oidc-provider as it comes, one static client,
 * DPoP and resource indicators, in memory. With `map: true` the adapter is an unbounded Map, which
 * forgets nothing; the library's own memory adapter is a small LRU.
 */
import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import { bareConfiguration } from '../lib/bare-configuration.ts'
import { MapAdapter } from '../lib/map-adapter.ts'
import { announce, readConfig } from './serve.ts'

const config = await readConfig<{
  readonly port: number
  readonly clientId: string
  readonly clientSecret: string
  readonly resource: string
  readonly map: boolean
  /** Refresh tokens to make, each bound to one of these thumbprints. */
  readonly refreshFor: readonly string[]
}>()

const provider = new Provider(`http://127.0.0.1:${config.port}`, {
  ...bareConfiguration(config.resource, [
    {
      client_id: config.clientId,
      client_secret: config.clientSecret,
      grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1/callback'],
      id_token_signed_response_alg: 'ES256',
    },
  ]),
  ...(config.map ? { adapter: MapAdapter } : {}),
})
provider.on('server_error', (_, error) => process.stderr.write(`${error.stack}\n`))

const client = await provider.Client.find(config.clientId)
if (!client) throw new Error('the bench client is missing')
const refreshTokens: string[] = []
for (const jkt of config.refreshFor) {
  const grant = new provider.Grant({ accountId: 'usr_bench', clientId: config.clientId })
  grant.addResourceScope(config.resource, 'read')
  const grantId = await grant.save()
  const token = new provider.RefreshToken({
    accountId: 'usr_bench',
    client,
    grantId,
    gty: 'authorization_code',
    scope: 'read',
    resource: config.resource,
    jkt,
  })
  refreshTokens.push(await token.save())
}

const server = createServer(provider.callback())
server.listen(config.port, '127.0.0.1', () => announce(server, { refreshTokens }))
