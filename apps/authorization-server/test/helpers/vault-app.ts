/** The management API and the dispatch endpoint over real HTTP, storage and keys. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createDpopProof,
  type DpopKey,
  generateDpopKey,
  jwkThumbprint,
} from '@holdfast/protocol/token'
import type { User, UserRole } from '@holdfast/storage'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import { configSchema } from '../../src/config.ts'
import type { AppContext } from '../../src/context.ts'
import { sha256Base64url } from '../../src/dispatch/node-crypto.ts'
import { startServer } from '../../src/server.ts'

/** A running server. */
export interface VaultApp extends AsyncDisposable {
  readonly issuer: string
  readonly context: AppContext
  /** The database file, for tests that edit it behind the server's back. */
  readonly database: string
  /** Moves the server's clock. */
  advance(ms: number): void
  /** Text of everything that was logged. */
  logged(): string
}

export interface VaultAppOptions {
  readonly enclaveSocket: string
  /** Kept when the server ends. Default: a folder of its own. */
  readonly dataDir?: string
  readonly dispatch?: Partial<AppContext['config']['dispatch']>
  /** How it reaches others. */
  readonly outbound?: Record<string, unknown>
  /** Providers that an operator added. */
  readonly providers?: AppContext['config']['providers']
}

/** Starts a server on loopback. */
export async function startVaultApp(options: VaultAppOptions): Promise<VaultApp> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'holdfast-as-')))
  let ahead = 0
  const log: string[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) })
  const config = configSchema.parse({
    issuer: 'http://127.0.0.1:0',
    port: 0,
    dataDir,
    enclaveSocket: options.enclaveSocket,
    ...(options.dispatch && { dispatch: options.dispatch }),
    ...(options.outbound && { outbound: options.outbound }),
    ...(options.providers && { providers: options.providers }),
  })
  const clock = (): number => Date.now() + ahead
  const server = await startServer({ config, logger, clock })
  return {
    issuer: server.issuer,
    context: server.ctx,
    database: join(dataDir, 'holdfast.db'),
    advance: (ms) => void (ahead += ms),
    logged: () => log.join(''),
    async [Symbol.asyncDispose]() {
      await server.close(0)
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Makes a user who may sign in. */
export const makeUser = (app: VaultApp, name: string, role: UserRole = 'member'): Promise<User> =>
  app.context.storage.users.create({ email: `${name}@example.org`, passwordHash: 'unused', role })

/** What a token says; the rest is filled in. */
export interface TokenContent {
  readonly sub: string
  readonly aud: string
  readonly scope?: string
  readonly clientId?: string
  /** The key that it is bound to; absent = a bearer token. */
  readonly key?: DpopKey
  readonly connections?: Record<string, string>
  readonly grant?: string
  readonly authorizationDetails?: readonly Record<string, unknown>[]
  /** `act.sub` and `ddls:resource` of an exchanged token. */
  readonly exchanged?: { readonly actor: string; readonly resource: string }
  readonly jti?: string
  readonly expiresInSeconds?: number
}

/** Signs an access token as the server itself does. */
export async function issueToken(app: VaultApp, content: TokenContent): Promise<string> {
  const [signing] = app.context.keystore.keys()
  const now = Math.floor(app.context.clock() / 1000)
  const jkt = content.key && (await jwkThumbprint(content.key.publicJwk, sha256Base64url))
  return new SignJWT({
    iss: app.issuer,
    sub: content.sub,
    aud: content.aud,
    client_id: content.clientId ?? content.exchanged?.actor ?? 'test-client',
    scope: content.scope ?? '',
    jti: content.jti ?? crypto.randomUUID(),
    iat: now,
    exp: now + (content.expiresInSeconds ?? 300),
    ...(jkt && { cnf: { jkt } }),
    ...(content.connections && { 'ddls:connections': content.connections }),
    ...(content.authorizationDetails && { authorization_details: content.authorizationDetails }),
    ...(content.grant && { 'ddls:grant': content.grant }),
    ...(content.exchanged && {
      act: { sub: content.exchanged.actor },
      'ddls:resource': content.exchanged.resource,
    }),
  })
    .setProtectedHeader({ typ: 'at+jwt', alg: 'ES256', kid: signing!.kid })
    .sign(signing!.privateKey)
}

/** A token with the key that it is bound to. */
export interface Bound {
  readonly token: string
  readonly key: DpopKey
}

/** A token bound to a fresh key. */
export async function bound(app: VaultApp, content: Omit<TokenContent, 'key'>): Promise<Bound> {
  const key = await generateDpopKey()
  return { key, token: await issueToken(app, { ...content, key }) }
}

/** The headers with which a bound token is sent. */
export async function dpopHeaders(
  app: VaultApp,
  { token, key }: Bound,
  method: string,
  path: string,
): Promise<Record<string, string>> {
  const proof = await createDpopProof({
    key,
    method,
    url: `${app.issuer}${path}`,
    accessToken: token,
    now: app.context.clock,
  })
  return { authorization: `DPoP ${token}`, dpop: proof }
}

/** Answer of a call, with its JSON read loosely: tests say what they expect in it. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // eslint-disable-next-line typescript/no-explicit-any
  readonly json: any
}

/** Sends a request as it is. */
export async function send(
  app: VaultApp,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string | Uint8Array<ArrayBuffer>,
): Promise<Reply> {
  const response = await fetch(`${app.issuer}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text === '' ? undefined : JSON.parse(text),
  }
}

/** Calls the management API with a bound token. */
export async function callApi(
  app: VaultApp,
  caller: Bound,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply> {
  const headers = await dpopHeaders(app, caller, method, path.split('?')[0] ?? path)
  return send(
    app,
    method,
    path,
    { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body === undefined ? undefined : JSON.stringify(body),
  )
}

/** Dispatches with a bound token. */
export async function callDispatch(app: VaultApp, caller: Bound, body: unknown): Promise<Reply> {
  const headers = await dpopHeaders(app, caller, 'POST', '/dispatch')
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return send(app, 'POST', '/dispatch', { ...headers, 'content-type': 'application/json' }, text)
}

/** A token for the management API. */
export const apiToken = (app: VaultApp, sub: string, scope: string): Promise<Bound> =>
  bound(app, { sub, aud: `${app.issuer}/v1`, scope })

/** A user's own token for direct dispatch. */
export const directToken = (
  app: VaultApp,
  sub: string,
  connections: Record<string, string>,
  rest: Partial<TokenContent> = {},
): Promise<Bound> =>
  bound(app, { sub, aud: `${app.issuer}/dispatch`, scope: 'dispatch', connections, ...rest })
