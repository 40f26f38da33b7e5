/* oxlint-disable unicorn/prefer-add-event-listener -- transports have handlers, no events */
import path from 'node:path'
import {
  authorizedFetch,
  type OAuthState,
  type RegistrationOptions,
  type TokenStore,
} from '@holdfast/client'
import { fileTokenStore } from '@holdfast/client/node'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import type { BridgeLog } from './log.ts'
import { relay } from './relay.ts'
import { bridgeAuth } from './sign-in.ts'

/** A bridge from stdin and stdout to one MCP server. */
export interface BridgeOptions {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Folder of the token stores. */
  readonly folder: string
  readonly profile: string
  readonly registration: RegistrationOptions
  readonly scopes: readonly string[] | undefined
  readonly dpop: 'auto' | 'required' | 'off'
  readonly device: boolean
  readonly browser: boolean
  readonly port: number | undefined
  readonly log: BridgeLog
}

const maxMessageBytes = 64 * 1024 * 1024
const endSessionMs = 1_500
const settleMs = 5_000

/** Runs until the client closes stdin or the process is told to end. */
export async function runBridge(options: BridgeOptions): Promise<void> {
  const { url, log, folder, profile } = options
  const file = path.join(folder, `${profile}.json`)
  const store: TokenStore<OAuthState> = fileTokenStore<OAuthState>(file)
  const ending = new AbortController()
  const auth = bridgeAuth({
    ...options.registration,
    store,
    turn: fileTokenStore<unknown>(path.join(folder, `${profile}.sign-in`)),
    device: options.device,
    browser: options.browser,
    scopes: options.scopes,
    dpop: options.dpop,
    port: options.port,
    log,
    signal: ending.signal,
  })
  const client = new StdioServerTransport(process.stdin, process.stdout, {
    maxBufferSize: maxMessageBytes,
  })
  const server = new StreamableHTTPClientTransport(url, {
    fetch: authorizedFetch({ auth, resource: url }),
    requestInit: { headers: options.headers },
  })
  const closed = new Promise<void>((resolve) => {
    client.onclose = resolve
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, resolve)
  })
  await relay({ client, server, origin: url.origin, log, ending: ending.signal })
  await closed
  ending.abort()
  await within(endSessionMs, server.terminateSession())
  await server.close()
  await client.close()
  await within(settleMs, auth.settled())
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([promise, work.catch(() => undefined)])
  clearTimeout(timer)
}
