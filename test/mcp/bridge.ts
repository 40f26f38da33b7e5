/** `holdfast bridge` between a real stdio client and a real server, with everything that it said. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Stream } from 'node:stream'
import type { OAuthState } from '@holdfast/client'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { request } from 'undici'
import { onTestFinished } from 'vitest'
import type { Person } from '../helpers/person.ts'

const cliMain = resolve(import.meta.dirname, '../../apps/cli/src/main.ts')

/** Where a bridge leads, and what is its own. */
export interface Bridge {
  /** The MCP server. */
  readonly url: string
  /** Where its configuration and its tokens are. */
  readonly folder: string
  /** Further options of `holdfast bridge`. */
  readonly args?: readonly string[]
}

/** What a bridge said, and where it sent a person. */
export interface Watched {
  readonly said: () => string
  readonly signIns: () => readonly URL[]
}

/** How to start a bridge, for the stdio transports of both SDKs. */
function commandOf({ url, folder, args = [] }: Bridge) {
  return {
    command: process.execPath,
    args: [
      ...['--conditions=@holdfast/source', '--no-warnings', cliMain],
      ...['bridge', url, '--no-browser', ...args],
    ],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      HOLDFAST_CONFIG_DIR: folder,
      HOLDFAST_DATA_DIR: join(folder, 'data'),
    },
    stderr: 'pipe' as const,
  }
}

/** A bridge with no client at its end, and all that it wrote so far. */
export interface RawBridge {
  readonly child: ChildProcess
  readonly stdout: string
  readonly stderr: string
}

/** Starts a bridge with no client at its end. */
export function startBridge(bridge: Bridge): RawBridge {
  const { command, args, env } = commandOf(bridge)
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const wrote = { child, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (wrote.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (wrote.stderr += chunk.toString()))
  return wrote
}

/** Connects a client of SDK v1 through a bridge, at which a person signs in where it asks. */
export async function connectV1(
  person: Person,
  bridge: Bridge,
  prepare: (client: ClientV1) => void = () => undefined,
): Promise<Watched & { readonly client: ClientV1 }> {
  const transport = new StdioV1(commandOf(bridge))
  const watched = watchBridge(transport.stderr, person)
  const client = new ClientV1(
    { name: 'v1', version: '1.0.0' },
    { capabilities: { elicitation: {}, sampling: {} } },
  )
  prepare(client)
  onTestFinished(() => client.close())
  await client.connect(transport)
  return { client, ...watched }
}

/** The same with a client of SDK v2, which speaks its own version only. */
export async function connectV2(
  person: Person,
  bridge: Bridge,
): Promise<Watched & { readonly client: Client }> {
  const transport = new StdioClientTransport(commandOf(bridge))
  const watched = watchBridge(transport.stderr, person)
  const client = new Client(
    { name: 'v2', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  onTestFinished(() => client.close())
  await client.connect(transport)
  return { client, ...watched }
}

/** The first message of a client, for a bridge with none at its end. */
export const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw', version: '1.0.0' },
  },
}

/** What the result of a tool says. */
export const textOf = (result: unknown): string =>
  (result as { content: { text: string }[] }).content.map(({ text }) => text).join()

const storeFile = (folder: string): string => join(folder, 'bridge', 'default.json')

/** What a bridge keeps. */
export const storeOf = (folder: string): OAuthState =>
  JSON.parse(readFileSync(storeFile(folder), 'utf8')) as OAuthState

/** Makes every kept token look as if its time were over. */
export function expire(folder: string): void {
  const state = storeOf(folder)
  const grants = Object.fromEntries(
    Object.entries(state.grants).map(([name, grant]) => [name, { ...grant, expiresAt: 1 }]),
  )
  writeFileSync(storeFile(folder), JSON.stringify({ ...state, grants }))
}

/** A folder of a bridge that nobody signed in at yet. */
export function bridgeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bridge-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Signs in wherever a bridge asks for it, as a person with a browser does; collects what it says. */
export function watchBridge(stderr: Stream | null, person: Person): Watched {
  let said = ''
  const seen: URL[] = []
  stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    const pages = said.match(/open this page to sign in: [^\s"]+(?=[\s"])/g) ?? []
    for (const page of pages.slice(seen.length)) {
      const url = new URL(page.split(' ').at(-1) ?? '')
      seen.push(url)
      person
        .authorize(url)
        .then((arrival) => request(arrival))
        .then(({ body }) => body.dump())
        .catch((error: unknown) => (said += `sign-in failed: ${String(error)}\n`))
    }
  })
  return { said: () => said, signIns: () => seen }
}
