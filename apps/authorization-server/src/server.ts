import { join } from 'node:path'
import { openStorage, type Storage, type StorageError } from '@holdfast/storage'
import type { Logger } from 'pino'
import { type AppSecrets, loadAppSecrets } from './app-secrets.ts'
import { createApp } from './app.ts'
import { startHeadSigner } from './audit/head-signer.ts'
import type { Config } from './config.ts'
import type { AppContext } from './context.ts'
import { loadControlKey } from './control-key.ts'
import { createContext } from './create-context.ts'
import { type Listener, openListener } from './http/listener.ts'
import { createSetupLink } from './interaction/setup.ts'
import { startKeyMaintenance } from './key-maintenance.ts'
import { consumeConflict, replayConflict } from './oauth/adapter.ts'
import { registerBuiltInClients } from './oauth/built-in-clients.ts'
import { startReaper } from './registration/dynamic/reaper.ts'
import { createRequestHandler } from './request-handler.ts'

export interface ServerOptions {
  readonly config: Config
  readonly logger: Logger
  /** Unix milliseconds; default `Date.now`. */
  readonly clock?: () => number
  /** Called when the disk has failed or hangs, and nothing is answered any more: the process has to end. */
  readonly onDiskFailure?: (failure: StorageError) => void
}

export interface RunningServer {
  readonly issuer: string
  readonly ctx: AppContext
  /** One-time link for the first administrator, while there is none. */
  readonly setupLink: string | undefined
  /** Lets requests under way end, for at most `graceMs`, and closes everything. */
  close(graceMs?: number): Promise<void>
}

const defaultGraceMs = 2000

/**
 * Starts the authorization server: binds its port, opens its storage and serves.
 * @throws Error when the port is taken, or the data cannot be read
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { logger, clock = Date.now } = options
  let storage: Storage | undefined
  const listener = await openListener(options.config, () => storage?.durable())
  const { port } = listener
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
      flushLimitMs: config.flushLimitMs,
      onDiskFailure(failure) {
        logger.fatal(
          { err: failure },
          'nothing is answered any more, and this process ends: check the disk that holds the data folder (space, mount, kernel log)',
        )
        // Also where the process itself cannot end because the kernel waits for the disk.
        listener.abort()
        options.onDiskFailure?.(failure)
      },
    })
    const secrets = await loadAppSecrets(storage)
    return await serve(
      listener,
      await createContext({ config, storage, logger, clock }, secrets),
      secrets,
    )
  } catch (error) {
    void listener.close(defaultGraceMs)
    await storage?.close()
    throw error
  }
}

async function serve(
  listener: Listener,
  ctx: AppContext,
  secrets: AppSecrets,
): Promise<RunningServer> {
  const { config, storage, enclave, logger, clock } = ctx
  await registerBuiltInClients(storage)
  const setupLink = await createSetupLink(ctx)
  listener.answerWith(createRequestHandler(ctx, await createApp(ctx, secrets)))
  const stopKeyMaintenance = startKeyMaintenance(ctx)
  const stopReaping = startReaper(ctx)
  const headSigner = startHeadSigner({ audit: storage.audit, enclave, logger, clock })
  return {
    issuer: config.issuer,
    ctx,
    setupLink,
    async close(graceMs = defaultGraceMs) {
      stopKeyMaintenance()
      stopReaping()
      await listener.close(graceMs)
      await ctx.tokenMaintenance.stop()
      await headSigner.stop()
      await enclave.close()
      await storage.close()
    },
  }
}
