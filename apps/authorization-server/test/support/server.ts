import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { User, UserRole } from '@holdfast/storage'
import { configSchema } from '../../src/config.ts'
import type { AppContext } from '../../src/context.ts'
import { hashPassword } from '../../src/interaction/passwords.ts'
import { createLogger } from '../../src/logger.ts'
import { type RunningServer, startServer } from '../../src/server.ts'

export const password = 'a rather long test password'

export interface TestServer extends RunningServer {
  readonly ctx: AppContext
  readonly dataDir: string
  /** Everything that was logged so far. */
  log(): string
  addUser(email: string, role?: UserRole): Promise<User>
  stop(): Promise<void>
}

/** A real server on a free port with its database in a temporary folder. */
export async function startTestServer(
  options: {
    readonly config?: Record<string, unknown>
    readonly clock?: () => number
    readonly dataDir?: string
  } = {},
): Promise<TestServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'holdfast-as-')))
  const lines: string[] = []
  const config = configSchema.parse({
    issuer: 'http://localhost:0',
    host: '127.0.0.1',
    port: 0,
    dataDir,
    enclaveSocket: join(dataDir, 'enclave.sock'),
    logLevel: 'trace',
    ...options.config,
  })
  const logger = createLogger(config, { write: (line: string) => void lines.push(line) })
  const server = await startServer({
    config,
    logger,
    ...(options.clock && { clock: options.clock }),
  })
  return {
    ...server,
    dataDir,
    log: () => lines.join(''),
    addUser: async (email, role = 'member') =>
      server.ctx.storage.users.create({ email, role, passwordHash: await hashPassword(password) }),
    async stop() {
      await server.close(500)
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Reserves a connection and gives it a (meaningless) record, so that it is active. */
export async function addConnection(
  { storage }: AppContext,
  owner: string,
  provider: string,
  options: { readonly label?: string; readonly resources?: readonly string[] } = {},
): Promise<string> {
  const handle = `ddls:conn:${crypto.randomUUID()}-${provider}`
  const policy = { methods: ['GET'], paths: ['/**'], resources: [...(options.resources ?? ['*'])] }
  await storage.connections.reserve({
    handle,
    owner,
    provider,
    label: options.label,
    baseUrl: `https://api.${provider}.example`,
    allowedHosts: [`api.${provider}.example:443`],
    policy,
    upload: { nonce: 'nonce-of-a-test-upload', expiresAtMs: Date.now() + 60_000 },
  })
  await storage.connections.completeUpload(handle, 'nonce-of-a-test-upload', {
    expectedVersion: 0,
    version: 1,
    record: new Uint8Array([1, 2, 3]),
  })
  return handle
}
