/**
 * The baseline of the token and refresh benchmarks: oidc-provider as it comes, one static client,
 * DPoP and resource indicators, in memory. With `map: true` the adapter is an unbounded Map, which
 * forgets nothing; the library's own memory adapter is a small LRU.
 */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider'
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

class MapAdapter implements Adapter {
  static readonly #rows = new Map<string, AdapterPayload>()
  static readonly #grants = new Map<string, string[]>()
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  #key(id: string): string {
    return `${this.#name}:${id}`
  }

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    MapAdapter.#rows.set(this.#key(id), payload)
    if (payload.grantId !== undefined) {
      const ids = MapAdapter.#grants.get(payload.grantId)
      if (ids) ids.push(this.#key(id))
      else MapAdapter.#grants.set(payload.grantId, [this.#key(id)])
    }
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return MapAdapter.#rows.get(this.#key(id))
  }

  async findByUid(): Promise<undefined> {
    return undefined
  }

  async findByUserCode(): Promise<undefined> {
    return undefined
  }

  async consume(id: string): Promise<void> {
    const row = MapAdapter.#rows.get(this.#key(id))
    if (row) row.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id: string): Promise<void> {
    MapAdapter.#rows.delete(this.#key(id))
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const key of MapAdapter.#grants.get(grantId) ?? []) MapAdapter.#rows.delete(key)
  }
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signingKey = {
  ...privateKey.export({ format: 'jwk' }),
  kid: 'bench',
  alg: 'ES256',
  use: 'sig',
}

const provider = new Provider(`http://127.0.0.1:${config.port}`, {
  ...(config.map ? { adapter: MapAdapter } : {}),
  jwks: { keys: [signingKey] },
  cookies: { keys: ['bench'] },
  clients: [
    {
      client_id: config.clientId,
      client_secret: config.clientSecret,
      grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1/callback'],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  rotateRefreshToken: true,
  ttl: { Grant: 3600, RefreshToken: 3600, AccessToken: 300, ClientCredentials: 300 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => config.resource,
      useGrantedResource: async () => true,
      getResourceServerInfo: async () => ({
        scope: 'read',
        audience: config.resource,
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
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
