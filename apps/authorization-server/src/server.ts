import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openStorage, type Storage } from '@holdfast/storage'
import type { Logger } from 'pino'
import { serverVersion } from './api/admin-routes.ts'
import { createApp } from './app.ts'
import { startHeadSigner } from './audit/head-signer.ts'
import { recordKeyRotation } from './audit/key-rotation.ts'
import type { Config } from './config.ts'
import type { AppContext } from './context.ts'
import { loadControlKey } from './control-key.ts'
import { createTokenRefresher } from './connections/refresh.ts'
import { createRevocationQueue } from './connections/revocation-queue.ts'
import { startTokenMaintenance } from './connections/token-maintenance.ts'
import { createDispatchHandler } from './dispatch/handler.ts'
import { createEnclaveClient } from './enclave-client/client.ts'
import { createHeldResponse } from './http/held-response.ts'
import { createHostCheck } from './http/host-pin.ts'
import { newRequestId } from './http/request-context.ts'
import { setSecurityHeaders } from './http/security-headers.ts'
import { createSetupLink } from './interaction/setup.ts'
import { openKeystore } from './keystore.ts'
import { consumeConflict, replayConflict } from './oauth/adapter.ts'
import { registerBuiltInClients } from './oauth/built-in-clients.ts'
import { dispatchPath } from './oauth/built-in-resources.ts'
import { createDpopNonces } from './oauth/dpop-nonces.ts'
import { createOutbound } from './outbound/outbound.ts'
import { createClientDocuments } from './registration/documents/client-documents.ts'
import { startReaper } from './registration/dynamic/reaper.ts'
import { createRevocation } from './revocation.ts'
import { createTokenVerifier } from './tokens.ts'

export interface ServerOptions {
  readonly config: Config
  readonly logger: Logger
  /** Unix milliseconds; default `Date.now`. */
  readonly clock?: () => number
  /** Called when the disk has failed, after which nothing is answered: the process should end. */
  readonly onDiskFailure?: () => void
}

export interface RunningServer {
  readonly issuer: string
  readonly ctx: AppContext
  /** One-time link for the first administrator, while there is none. */
  readonly setupLink: string | undefined
  /** Lets requests under way end, for at most `graceMs`, and closes everything. */
  close(graceMs?: number): Promise<void>
}

const keyMaintenanceMs = 15_000
const defaultGraceMs = 2000

/**
 * Starts the authorization server: binds its port, opens its storage and serves.
 * @throws Error when the port is taken, or the data cannot be read
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { logger, clock = Date.now } = options
  let storage: Storage | undefined
  const ServerResponse = createHeldResponse({
    durable: () => storage?.durable(),
    failed(error) {
      logger.fatal({ err: error }, 'nothing is answered any more')
      options.onDiskFailure?.()
    },
  })
  const http = createServer({ ...httpOptions, ServerResponse })
  http.on('request', answerTooEarly)
  const port = await listen(http, options.config)
  const issuer = options.config.issuer.replace(/:0$/, `:${port}`)
  const config: Config = Object.freeze({ ...options.config, issuer, port })
  try {
    storage = openStorage({
      file: join(config.dataDir, 'holdfast.db'),
      encryptionKey: loadControlKey(config.dataDir),
      now: clock,
      refreshGraceSeconds: config.refreshGraceSeconds,
      onConsumeConflict: consumeConflict,
      onReplayConflict: replayConflict,
    })
    return await serve(http, await createContext(config, storage, logger, clock))
  } catch (error) {
    http.close()
    await storage?.close()
    throw error
  }
}

async function serve(http: Server, ctx: AppContext): Promise<RunningServer> {
  const { config, storage, enclave, logger, clock } = ctx
  await registerBuiltInClients(storage)
  const setupLink = await createSetupLink(ctx)
  const app = await createApp(ctx, {
    cookieKey: await storage.settings.secretOrElse('cookie-key', randomBytes(32)),
    nonceSecret: await nonceSecretOf(storage),
  })
  http.off('request', answerTooEarly)
  http.on('request', createRequestHandler(ctx, app))
  const maintenance = startKeyMaintenance(ctx)
  const stopReaping = startReaper(ctx)
  const headSigner = startHeadSigner({ audit: storage.audit, enclave, logger, clock })
  return {
    issuer: config.issuer,
    ctx,
    setupLink,
    async close(graceMs = defaultGraceMs) {
      clearInterval(maintenance)
      stopReaping()
      await closeHttp(http, graceMs)
      await ctx.tokenMaintenance.stop()
      await headSigner.stop()
      await enclave.close()
      await storage.close()
    },
  }
}

/** From it the nonces of DPoP proofs are derived. */
const nonceSecretOf = ({ settings }: Storage): Promise<Uint8Array> =>
  settings.secretOrElse('dpop-nonce-key', randomBytes(32))

/** The port is bound before the database is opened; who comes that early is told to come again. */
function answerTooEarly(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  response.writeHead(503, { 'Retry-After': '1', Connection: 'close' })
  response.end()
}

/** Slow or oversized requests end here; bodies have their own limits. */
const httpOptions = {
  requestTimeout: 30_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
}

async function createContext(
  config: Config,
  storage: Storage,
  logger: Logger,
  clock: () => number,
): Promise<AppContext> {
  const revocation = createRevocation({
    storage,
    accessTokenTtlSeconds: config.accessTokenTtlSeconds,
    clock,
  })
  const keystore = await openKeystore({
    storage,
    clock,
    algorithm: config.signingAlgorithm,
    maxAgeSeconds: config.signingKeyMaxAgeSeconds,
    overlapSeconds: config.accessTokenTtlSeconds,
  })
  const outbound = createOutbound({
    ...config.outbound,
    userAgent: `Holdfast/${serverVersion} (authorization server; +${config.issuer})`,
  })
  const enclave = createEnclaveClient({ socket: config.enclaveSocket, logger })
  const tokens = createTokenRefresher({ storage, enclave, clock })
  return Object.freeze({
    config,
    clock,
    logger,
    storage,
    outbound,
    documents: createClientDocuments({
      storage,
      outbound,
      settings: config.registration,
      logger,
      clock,
    }),
    enclave,
    tokens,
    tokenMaintenance: startTokenMaintenance(
      [
        () => createRevocationQueue({ storage, enclave, clock }).work(),
        () => tokens.recoverAbandoned(),
      ],
      logger,
    ),
    keystore,
    revocation,
    proofNonces:
      config.dpopNonce === 'everywhere'
        ? createDpopNonces(await nonceSecretOf(storage), clock)
        : undefined,
    verifyToken: createTokenVerifier({
      issuer: config.issuer,
      findKey: (kid) => keystore.find(kid),
      revocation,
      clock,
    }),
  })
}

/** The first decisions on every request: own host, own headers, then the fast path or the app. */
function createRequestHandler(
  ctx: AppContext,
  app: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const isOwnHost = createHostCheck(ctx.config.issuer)
  const isHttps = ctx.config.issuer.startsWith('https:')
  const dispatch = createDispatchHandler(ctx)
  return (request, response) => {
    if (!isOwnHost(request)) return refuseHost(request, response, ctx.config.issuer)
    // Sets its own few headers: no page is answered there, and it is the busiest path.
    if (request.url === dispatchPath) {
      void dispatch(request, response)
      return undefined
    }
    response.setHeader('X-Request-Id', newRequestId())
    setSecurityHeaders(response, isHttps)
    app(request, response)
    return undefined
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20} */
function refuseHost(request: IncomingMessage, response: ServerResponse, issuer: string): void {
  request.resume()
  response.writeHead(421, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
  response.end(`This server answers only under ${issuer}\n`)
}

function listen(http: Server, { host, port }: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, () => {
      http.off('error', reject)
      resolve((http.address() as AddressInfo).port)
    })
  })
}

function startKeyMaintenance({ keystore, storage, logger }: AppContext): NodeJS.Timeout {
  const timer = setInterval(() => {
    keystore
      .maintain()
      .then((rotation) =>
        rotation === undefined ? undefined : recordKeyRotation(storage.audit, rotation),
      )
      .catch((error: unknown) => logger.error({ err: error }, 'key maintenance failed'))
  }, keyMaintenanceMs)
  return timer.unref()
}

async function closeHttp(http: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()))
  http.closeIdleConnections()
  const timer = setTimeout(() => http.closeAllConnections(), graceMs)
  await closed
  clearTimeout(timer)
}
