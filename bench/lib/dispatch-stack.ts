/** A whole Holdfast with one sealed credential, a user and tokens to dispatch with. */
import { type Client, createClient, memoryTokenStore } from '@holdfast/client'
import { type DpopKey, importDpopKey, generateDpopKey } from '@holdfast/protocol/token'
import { createBrowser } from '@holdfast/test/browser'
import { createPerson, type Person } from '@holdfast/test/person'
import { startStack, type Stack } from '@holdfast/test/stack'
import { createHash, randomBytes } from 'node:crypto'
import type { BenchUpstream } from './bench-upstream.ts'
import { exchangeToken, makeProofs, Pool, requestToken, type TokenExchange } from './token-load.ts'

/** A token and the key that it is bound to. */
export interface BoundToken {
  readonly token: string
  readonly key: DpopKey
}

/** What the dispatch benchmark needs of a running Holdfast. */
export interface DispatchStack {
  readonly stack: Stack
  readonly handle: string
  /** Seals one more connection like it and resolves with its handle. */
  readonly seal: () => Promise<string>
  /** The user's, signed in. */
  readonly client: Client
  /** A user's own token for the dispatch resource. */
  readonly direct: BoundToken
  /** An MCP server's token, exchanged for that of its user. */
  readonly exchanged: BoundToken
  /** What that server exchanges, and as whom. */
  readonly server: Omit<TokenExchange, 'key'>
}

const account = { name: 'Ada', email: 'ada@bench.example', password: 'not a secret, just long' }
const resource = 'http://127.0.0.1:24801/mcp'
const redirectUri = 'http://127.0.0.1/callback'

/** Starts it as `holdfast up` does, then does as a person would: sets up, signs in, seals, consents. */
export async function startDispatchStack(
  upstream: Pick<BenchUpstream, 'url' | 'caPem' | 'secret'>,
): Promise<DispatchStack> {
  const stack = await startStack({
    allowPrivate: [new URL(upstream.url).host],
    extraCaPem: upstream.caPem,
    settings: {
      // So that no token runs out during a slow run.
      HOLDFAST_ACCESS_TOKEN_TTL_SECONDS: '3600',
      // One user asks for more here than anybody may outside; the limit is counted all the same.
      HOLDFAST_TOKENS_PER_ACCOUNT_PER_MINUTE: '1000000',
    },
  })
  try {
    const browser = createBrowser({ origin: stack.issuer })
    const setup = await browser.open(stack.setupLink)
    const { email, password } = account
    await browser.submit(setup.form('password'), { email, password, repeat: password })
    await browser.close()
    return { stack, ...(await grantEverything(stack, createPerson(stack, account), upstream)) }
  } catch (error) {
    await stack.stop()
    throw error
  }
}

async function grantEverything(
  stack: Stack,
  person: Person,
  upstream: Pick<BenchUpstream, 'url' | 'secret'>,
): Promise<Omit<DispatchStack, 'stack'>> {
  const tokenStore = memoryTokenStore()
  const client = createClient({ issuer: stack.issuer, tokenStore })
  const authorize = (url: URL): Promise<URL> => person.authorize(url)
  await client.login({ redirectUri, authorize })
  const seal = async (): Promise<string> => {
    const { handle } = await client.connections.create({
      provider: 'bench-api',
      baseUrl: upstream.url,
      credential: { kind: 'bearer' },
      secrets: { token: new TextEncoder().encode(upstream.secret) },
      policy: {
        methods: ['GET'],
        paths: ['/user'],
        resources: [resource, `${stack.issuer}/dispatch`],
      },
    })
    return handle
  }
  const handle = await seal()
  const server = await client.resources.create({
    resource,
    display_name: 'Bench',
    dpop: 'required',
    connections: [{ name: 'bench-api', provider: 'bench-api', description: 'Reads a profile' }],
  })
  const agent = await client.clients.create({
    client_name: 'Bench agent',
    redirect_uris: [redirectUri],
  })
  const { accessToken } = await client.login({ resource: 'dispatch', redirectUri, authorize })
  const session = await tokenStore.load()
  if (!session) throw new Error('the sign-in left no session')

  const pool = new Pool(stack.issuer)
  try {
    const userToken = await authorizeAgent(stack.issuer, pool, agent.client.client_id, authorize)
    const key = await generateDpopKey()
    const exchanging = { client: server.client, subjectToken: userToken }
    const { access_token: token } = await exchangeToken(pool, stack.issuer, { ...exchanging, key })
    return {
      ...{ handle, seal, client },
      direct: { token: accessToken, key: await importDpopKey(session.dpopKey) },
      exchanged: { token, key },
      server: exchanging,
    }
  } finally {
    await pool.close()
  }
}

/** A user's token for the bench resource, by authorization code with PKCE. */
async function authorizeAgent(
  issuer: string,
  pool: Pool,
  clientId: string,
  authorize: (url: URL) => Promise<URL>,
): Promise<string> {
  const key = await generateDpopKey()
  const verifier = randomBytes(32).toString('base64url')
  const url = new URL(`${issuer}/oauth2/auth`)
  url.search = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    resource,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  const callback = await authorize(url)
  const [proof = ''] = await makeProofs(key, `${issuer}/oauth2/token`, 1)
  const form = {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: callback.searchParams.get('code') ?? '',
    redirect_uri: redirectUri,
    code_verifier: verifier,
  }
  const answer = await requestToken(pool, '/oauth2/token', { proof, jkt: key.jkt, form })
  return answer.access_token
}
