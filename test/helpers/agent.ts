/** A client that speaks OAuth by hand, so that tests can misuse everything that it holds. */
import { createDpopProof, type DpopKey, generateDpopKey } from '@holdfast/protocol/token'
import * as oauth from 'oauth4webapi'
import { request } from 'undici'

/** An answer in JSON. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Readonly<Record<string, unknown>>
}

/** What to ask for, and the person who allows it. */
export interface AgentOptions {
  readonly issuer: string
  readonly clientId: string
  readonly redirectUri: string
  readonly resource: string
  readonly scope: string
  readonly authorize: (url: URL) => Promise<URL>
}

/** A signed-in agent. */
export interface Agent {
  readonly key: DpopKey
  accessToken(): string
  refreshToken(): string
  /** Uses the refresh token; keeps what comes back. */
  refresh(): Promise<Answer>
  /** Calls through a connection with this agent's own token. */
  dispatch(handle: string, call: Call): Promise<Answer>
}

/** The upstream request of a dispatch. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly timeout_ms?: number
}

/** A token with the key to prove it by; undefined parts are left out of the request. */
export interface Proof {
  readonly token: string
  readonly scheme?: 'DPoP' | 'Bearer'
  readonly key?: DpopKey | undefined
  /** Overrides of what the proof says. */
  readonly method?: string
  readonly url?: string
  /** `none` leaves `ath` out. */
  readonly ath?: string
  /** A ready proof instead of a new one. */
  readonly proof?: string
}

/** Signs an agent in by code and PKCE, with its tokens bound to a DPoP key of its own. */
export async function signInAgent(options: AgentOptions): Promise<Agent> {
  const { issuer, clientId, redirectUri, resource } = options
  const key = await generateDpopKey()
  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(`${issuer}/oauth2/auth`)
  url.search = new URLSearchParams({
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri },
    ...{ resource, scope: options.scope, state: oauth.generateRandomState() },
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString()
  const callback = await options.authorize(url)
  const code = callback.searchParams.get('code')
  if (code === null) throw new Error(`no code came back: ${callback.search}`)
  const ask = (form: Record<string, string>): Promise<Answer> =>
    tokenRequest(issuer, { client_id: clientId, resource, ...form }, { key })
  let tokens = requireTokens(
    await ask({
      ...{ grant_type: 'authorization_code', code },
      ...{ code_verifier: verifier, redirect_uri: redirectUri },
    }),
  )
  return {
    key,
    accessToken: () => tokens.access,
    refreshToken: () => tokens.refresh,
    refresh: async () => {
      const answer = await ask({ grant_type: 'refresh_token', refresh_token: tokens.refresh })
      if (answer.status === 200) tokens = requireTokens(answer)
      return answer
    },
    dispatch: (handle, call) => dispatch(issuer, { token: tokens.access, key }, handle, call),
  }
}

/** `POST /oauth2/token`, with a client's secret and a proof where given. */
export async function tokenRequest(
  issuer: string,
  form: Readonly<Record<string, string>>,
  by: {
    readonly key?: DpopKey
    readonly client?: { readonly id: string; readonly secret: string }
  } = {},
): Promise<Answer> {
  const url = `${issuer}/oauth2/token`
  const basic = by.client && Buffer.from(`${by.client.id}:${by.client.secret}`).toString('base64')
  return send(
    url,
    {
      'content-type': 'application/x-www-form-urlencoded',
      ...(by.key && { dpop: await createDpopProof({ key: by.key, method: 'POST', url }) }),
      ...(basic !== undefined && { authorization: `Basic ${basic}` }),
    },
    new URLSearchParams(form).toString(),
  )
}

/** Exchanges a user's token as a resource's own client does (RFC 8693). */
export function exchange(
  issuer: string,
  client: { readonly id: string; readonly secret: string },
  subjectToken: string,
  key?: DpopKey,
): Promise<Answer> {
  return tokenRequest(
    issuer,
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    },
    { client, ...(key && { key }) },
  )
}

/** `POST /dispatch`. */
export async function dispatch(
  issuer: string,
  proof: Proof,
  handle: string,
  call: Call,
): Promise<Answer> {
  const url = `${issuer}/dispatch`
  const body = JSON.stringify({ connection_handle: handle, request: call })
  return send(url, { ...(await proofHeaders(url, proof)), ...json }, body)
}

/** One request to an MCP server, which needs a token and nothing else of the vault. */
export async function listTools(url: string, proof: Proof): Promise<Answer> {
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  return send(url, { ...(await proofHeaders(url, proof)), ...json }, JSON.stringify(message))
}

/** Calls a tool in one request. Answers `ok`, the code in the tool's error, or the HTTP status. */
export async function callTool(url: string, proof: Proof, name: string): Promise<string> {
  const params = { name, arguments: {} }
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
  const { status, body } = await send(
    url,
    { ...(await proofHeaders(url, proof)), ...json },
    JSON.stringify(message),
  )
  if (status !== 200) return String(status)
  const text = JSON.stringify(body)
  if (!text.includes('isError') && text.includes('octo')) return 'ok'
  return /\[([A-Z_]+)\]/.exec(text)?.[1] ?? text
}

/** What a failed dispatch says, or `ok`. */
export function outcomeOf({ status, body }: Answer): string {
  if (status !== 200) return String(status)
  const { error } = body as { error?: { code?: string } }
  return error?.code ?? (body['success'] === true ? 'ok' : 'neither success nor error')
}

const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

async function proofHeaders(url: string, options: Proof): Promise<Record<string, string>> {
  const { token, key, scheme = key || options.proof !== undefined ? 'DPoP' : 'Bearer' } = options
  const made =
    key &&
    (await createDpopProof({
      key,
      method: options.method ?? 'POST',
      url: options.url ?? url,
      ...(options.ath !== 'none' && { accessToken: options.ath ?? token }),
    }))
  const proof = options.proof ?? made
  return { authorization: `${scheme} ${token}`, ...(proof !== undefined && { dpop: proof }) }
}

async function send(url: string, headers: Record<string, string>, body: string): Promise<Answer> {
  const answer = await request(url, {
    ...{ method: 'POST', headers, body },
    // Longer than any deadline that the tests give: what hangs is a failure, not a wait.
    signal: AbortSignal.timeout(30_000),
  })
  const text = await answer.body.text()
  return { status: answer.statusCode, headers: answer.headers, body: parse(text) }
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { text }
  }
}

function requireTokens({ status, body }: Answer): { access: string; refresh: string } {
  if (status !== 200)
    throw new Error(`the token endpoint answered ${status}: ${JSON.stringify(body)}`)
  return { access: String(body['access_token']), refresh: String(body['refresh_token']) }
}
