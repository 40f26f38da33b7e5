/** Our server with clients for every grant, a signed-in user and somebody whose assertions it believes. */
import { type Browser, createBrowser } from '@holdfast/test/browser'
import type { JsonObject, Storage } from '@holdfast/storage'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import Provider, { type ClientMetadata } from 'oidc-provider'
import { type OurServer, startOurServer } from './authorization-server.ts'
import { concurrency } from './grant-load.ts'
import { codeChallenge, makeSources, redirectUri, type WantedSources } from './grant-sources.ts'
import { basic } from './token-load.ts'

export const resource = 'http://127.0.0.1:24803/mcp'
export const grantTypes = {
  device: 'urn:ietf:params:oauth:grant-type:device_code',
  exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  assertion: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
} as const
const account = { email: 'ada@bench.example', password: 'not a secret, just long' }
const secret = 'c2VjcmV0LW9mLXRoZS1iZW5jaC1jbGllbnQ'
const platform = 'https://platform.bench.example'

/** The resource's own client. */
export const own = { id: 'rs_bench', basic: basic('rs_bench', secret) }
/** A client that redeems codes. */
export const agent = { id: 'cli_bench', basic: basic('cli_bench', secret) }
/** The client of a workload on a platform whose word is taken. */
export const workload = { id: 'cli_bench_workload', basic: basic('cli_bench_workload', secret) }
/** A client that proves itself by its key, and the key of everything that is asserted here. */
const job = { id: 'cli_bench_job' }
const assertionKey = await generateKeyPair('ES256', { extractable: true })
const jwks = {
  keys: [{ ...(await exportJWK(assertionKey.publicKey)), alg: 'ES256', kid: 'bench' }],
}

const assertion = (issuer: string, subject: string, audience: string): Promise<string> =>
  new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
    .setIssuer(issuer)
    .setSubject(subject)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(assertionKey.privateKey)

/** What the job's client sends to prove who it is. */
export const proveJob = async (issuer: string): Promise<Record<string, string>> => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: await assertion(job.id, job.id, issuer),
})

/** What a workload's platform says of it. */
export const assertWorkload = (issuer: string): Promise<string> =>
  assertion(platform, 'nightly', issuer)

/** The clients, for both servers. */
export const clients: readonly ClientMetadata[] = [
  {
    client_id: agent.id,
    client_secret: secret,
    grant_types: ['authorization_code', 'refresh_token', grantTypes.device],
    response_types: ['code'],
    redirect_uris: [redirectUri],
    application_type: 'native',
    token_endpoint_auth_method: 'client_secret_basic',
  },
  {
    client_id: job.id,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks,
  },
]

const withoutBrowser = (client_id: string, grantType: string): ClientMetadata => ({
  client_id,
  client_secret: secret,
  grant_types: [grantType],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_basic',
})

async function seed(storage: Storage): Promise<void> {
  for (const { client_id: clientId, client_secret: secretOfClient, ...metadata } of [
    ...clients,
    withoutBrowser(workload.id, grantTypes.assertion),
    withoutBrowser(own.id, grantTypes.exchange),
  ]) {
    await storage.clients.create({
      clientId,
      source: 'manual',
      secret: secretOfClient,
      metadata: { client_name: clientId, ...metadata } as unknown as JsonObject,
      resource: clientId === own.id ? resource : undefined,
    })
  }
  await storage.resources.create({
    resource,
    displayName: 'Bench',
    scopes: [{ name: 'read', description: 'Read' }],
    dpop: 'required',
    clientId: own.id,
  })
}

/** The server, and what a bench makes beside it. */
export interface GrantsServer extends OurServer {
  /** Codes that the user has allowed, made in the server's database. */
  readonly codes: (kind: WantedSources['kind'], count: number) => Promise<readonly string[]>
  /** Browsers in which the user is signed in. */
  readonly browsers: readonly Browser[]
}

/** Starts it, sets it up and signs its user in, as a person would. */
export async function startGrantsServer(): Promise<GrantsServer> {
  const server = await startOurServer(seed)
  const storage = server.reopen()
  const browsers: Browser[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(browsers.map((browser) => browser.close()))
    await storage.close()
    await server.stop()
  }
  try {
    const visitor = createBrowser({ origin: server.issuer })
    const setup = await visitor.open(server.setupLink)
    await visitor.submit(setup.form('password'), { ...account, repeat: account.password })
    await visitor.close()
    const user = await storage.users.findByEmail(account.email)
    if (!user) throw new Error('the set-up made no user')
    await storage.trustedIssuers.create({
      issuer: platform,
      createdBy: user.id,
      trust: {
        uses: ['workload'],
        jwks,
        subjects: [{ subject: 'nightly', user: user.id }],
        clients: [workload.id],
        resources: [resource],
        max_lifetime: 3600,
        single_use: true,
      },
    })
    while (browsers.length < concurrency) {
      const browser = createBrowser({ origin: server.issuer })
      browsers.push(browser)
      const page = await browser.open(authorizationUrl(server.issuer, '/oauth2/auth'))
      await browser.submit(page.form('password'), account, 'Sign in')
    }
    // Only writes rows: no request of a client ever meets it.
    const provider = new Provider(server.issuer, {
      adapter: (name: string) => storage.oidcAdapter(name),
      features: { devInteractions: { enabled: false }, deviceFlow: { enabled: true } },
      ttl: { Grant: 3600, AuthorizationCode: 600, DeviceCode: 600 },
    })
    const codes = (kind: WantedSources['kind'], count: number): Promise<readonly string[]> =>
      makeSources(
        provider,
        { kind, count, clientId: agent.id, accountId: user.id, resource },
        (grantId) =>
          storage.grants.put({
            ...{ grantId, userId: user.id, clientId: agent.id, resource },
            scopes: ['read'],
            connections: {},
          }),
      )
    return { ...server, codes, browsers, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** An authorization request of the agent. */
export function authorizationUrl(issuer: string, path: string): URL {
  const url = new URL(path, issuer)
  url.search = new URLSearchParams({
    client_id: agent.id,
    response_type: 'code',
    redirect_uri: redirectUri,
    resource,
    scope: 'read',
    state: crypto.randomUUID(),
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  }).toString()
  return url
}
