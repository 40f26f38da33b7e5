import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CredentialKind,
  type CredentialPins,
  type RecordContext,
  parseConnectionHandle,
  seal,
  utf8,
  verifyKeySet,
} from '@holdfast/protocol'
import { type ChannelClient, createChannelClient, serveChannel } from '@holdfast/protocol/channel'
import type { DispatchHead, DispatchResult } from '@holdfast/protocol/enclave'
import { AuditHeadSigner } from '../../src/audit-head.ts'
import { DpopPins } from '../../src/dpop-pins.ts'
import { signedKeySet } from '../../src/key-set.ts'
import { type Keyring, openKeyring } from '../../src/keyring.ts'
import { sealedBoxReady } from '../../src/open.ts'
import { createOperations } from '../../src/operations.ts'
import { RecentTokens } from '../../src/tokens/recent-tokens.ts'
import { Upstream } from '../../src/upstream.ts'
import { startRelay } from './relay.ts'
import { startUpstream, type TestUpstream, type TestUpstreamOptions } from './upstream.ts'

/** A keyring on a state file of its own. */
export interface TestKeyring {
  readonly keyring: Keyring
  readonly statePath: string
  readonly rootKey: Buffer
  /** Opens the same file again, as a restarted enclave does. */
  reopen(rootKey?: Buffer): Promise<Keyring>
  remove(): Promise<void>
}

/** Opens a state file as the supervisor does. */
export const openState = (path: string): number =>
  openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC, 0o600)

/** Creates a keyring. */
export async function createKeyring(now?: () => number): Promise<TestKeyring> {
  await sealedBoxReady
  const folder = await mkdtemp(join(tmpdir(), 'enclave-'))
  const statePath = join(folder, 'state')
  const rootKey = randomBytes(32)
  const fds: number[] = []
  const open = (key: Buffer): Promise<Keyring> => {
    const stateFd = openState(statePath)
    fds.push(stateFd)
    return openKeyring({ stateFd, rootKey: key, now })
  }
  return {
    keyring: await open(rootKey),
    statePath,
    rootKey,
    reopen: (key = rootKey) => open(key),
    async remove() {
      for (const fd of fds) closeSync(fd)
      await rm(folder, { recursive: true })
    },
  }
}

export const handle = parseConnectionHandle('ddls:conn:01J0000000000000000000000A-test')

/** A context that allows everything at one host. */
export const contextFor = (host: string, part: Partial<RecordContext> = {}): RecordContext => ({
  handle,
  owner: 'usr_1',
  provider: 'test',
  allowed_hosts: [host],
  policy: { methods: ['*'], paths: ['/**'], resources: ['*'] },
  version: 1,
  ...part,
})

export const uploadNonce = 'upload-nonce-0001'

/** What is sealed into a credential. */
export interface SealInput {
  readonly context: RecordContext
  readonly credential: CredentialKind
  readonly secrets: Readonly<Record<string, string | Uint8Array>>
  readonly baseUrl?: string
  readonly pins?: CredentialPins
  readonly nonce?: string
}

/** Seals as a client does, to the published key. */
export async function sealFor(
  keyring: Keyring,
  input: SealInput,
): Promise<{ kid: string; sealed: Uint8Array }> {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const { key } = await verifyKeySet(signedKeySet(keyring), { nowSeconds })
  const { handle: name, owner, provider, allowed_hosts } = input.context
  return seal(key, {
    header: {
      credential: input.credential,
      base_url: input.baseUrl ?? `https://${allowed_hosts[0]}`,
      binding: {
        handle: name,
        owner,
        provider,
        allowed_hosts,
        upload_nonce: input.nonce ?? uploadNonce,
        created_at: nowSeconds,
        pins: input.pins ?? {},
      },
    },
    secrets: Object.fromEntries(
      Object.entries(input.secrets).map(([field, value]) => [
        field,
        typeof value === 'string' ? utf8(value) : value,
      ]),
    ),
  })
}

/** A call as the control plane hands it on. */
export interface Call {
  readonly record: Uint8Array
  readonly context: RecordContext
  readonly method?: DispatchHead['request']['method']
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly caller?: Partial<DispatchHead['caller']>
  readonly timeoutMs?: number
  readonly maxResponseBytes?: number
  readonly signal?: AbortSignal
}

/** The enclave's core behind a real channel, with a real relay process and a real TLS upstream. */
export interface Rig {
  readonly client: ChannelClient
  readonly keyring: Keyring
  readonly upstream: TestUpstream
  readonly context: RecordContext
  /** Uploads a credential and returns its record. */
  store(input: Omit<SealInput, 'context'> & { context?: RecordContext }): Promise<Uint8Array>
  call(call: Call): Promise<{ head: DispatchResult; body: Buffer }>
  close(): Promise<void>
}

export const dispatchUrl = 'https://auth.example/dispatch'

/** Starts a rig. */
export async function startRig(options: TestUpstreamOptions = {}): Promise<Rig> {
  const upstream = await startUpstream(options)
  const folder = await mkdtemp(join(tmpdir(), 'rig-'))
  const relay = await startRelay(join(folder, 'relay.sock'), [upstream.authority])
  const state = await createKeyring()
  const { keyring } = state
  const outgoing = new Upstream({
    relaySocket: relay.socket,
    ...(options.trusted !== false && { extraCaPem: upstream.caPem }),
  })
  const operations = createOperations({
    keyring,
    upstream: outgoing,
    auditHeads: new AuditHeadSigner(keyring, () => undefined),
    dpopPins: new DpopPins(),
    recentTokens: new RecentTokens(),
    maxBodyBytes: 5_000_000,
    about: {
      version: '0',
      boot_id: 'b',
      started_at: 's',
      isolation: { level: 'none', attacks: [], reasons: [], mechanisms: [], hardware: 'none' },
    },
  })
  const server = createServer((socket) => serveChannel(socket, operations))
  server.listen(join(folder, 'enclave.sock'))
  await once(server, 'listening')
  const client = createChannelClient(connect(join(folder, 'enclave.sock')))
  const context = contextFor(upstream.authority)
  return {
    client,
    keyring,
    upstream,
    context,
    async store(input) {
      const bound = input.context ?? context
      const { kid, sealed } = await sealFor(keyring, { ...input, context: bound })
      const reply = await client.request(
        'ingest',
        {
          form: 'sealed-box',
          kid,
          upload_nonce: uploadNonce,
          context: bound,
          base_url: `https://${bound.allowed_hosts[0]}`,
        },
        sealed,
      )
      return reply.bytes(100_000)
    },
    async call({ record, context: bound, body, ...call }) {
      const reply = await client.request(
        'dispatch',
        {
          context: bound,
          record_bytes: record.length,
          request: {
            method: call.method ?? 'GET',
            path: call.path ?? '/',
            headers: call.headers ?? {},
            has_body: body !== undefined,
          },
          caller: {
            sub: 'usr_1',
            resource: 'https://mcp.example/',
            client_id: 'mcp',
            dispatch_url: dispatchUrl,
            ...call.caller,
          },
          timeout_ms: call.timeoutMs ?? 10_000,
          max_response_bytes: call.maxResponseBytes ?? 10_000_000,
        },
        body ? [record, body] : record,
        { signal: call.signal },
      )
      return { head: reply.head, body: Buffer.from(await reply.bytes(50_000_000)) }
    },
    async close() {
      client.close()
      server.close()
      await outgoing.close()
      await relay.stop()
      await upstream.close()
      await state.remove()
      await rm(folder, { recursive: true })
    },
  }
}
