/** A process-local stand-in at the other end of the channel, for failures that no real enclave makes on demand. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@holdfast/protocol'
import { type ChannelHandlers, EnclaveError, serveChannel } from '@holdfast/protocol/channel'
import type { DispatchHead, EnclaveOperations } from '@holdfast/protocol/enclave'

type Answers = { -readonly [operation in keyof ChannelHandlers]: ChannelHandlers[operation] }

export interface EnclaveDouble extends AsyncDisposable {
  readonly socket: string
  /** Replace any of them to change what the next call answers. */
  readonly answers: Answers
  /** Every dispatch that arrived. */
  readonly dispatches: { readonly head: DispatchHead; readonly body: string }[]
  /** Breaks every open channel, as a crash does. */
  crash(): void
  /** Stops listening and breaks every open channel. */
  stop(): Promise<void>
}

/** Starts a stand-in that stores what it is given and answers every dispatch with `{"ok":true}`. */
export async function startEnclaveDouble(): Promise<EnclaveDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-double-'))
  const socket = join(folder, 'enclave.sock')
  const sockets = new Set<Socket>()
  const dispatches: EnclaveDouble['dispatches'] = []
  const refuse = async (): Promise<never> => {
    throw new EnclaveError('INTERNAL', 'the stand-in does not do this')
  }
  const answers: Answers = {
    status: refuse,
    keys: refuse,
    rotateSealingKey: refuse,
    rotateIdentity: refuse,
    beginAuthorization: refuse,
    completeAuthorization: refuse,
    refresh: refuse,
    revokeTokens: refuse,
    latestHead: async () => ({ head: { head: null } }),
    signHead: async (head) => ({ head: { ...head, key_id: 'double', signature: 'none' } }),
    ingest: async (head, { body }) => {
      await body.bytes(100_000)
      const { base_url, context } = head
      const { allowed_hosts } = context
      return {
        head: { kind: 'bearer', base_url, allowed_hosts, pins: {} },
        body: utf8(JSON.stringify(context)),
      }
    },
    rewrap: async ({ context, policy, version }, { body }) => {
      await body.bytes(100_000)
      return { head: {}, body: utf8(JSON.stringify({ ...context, policy, version })) }
    },
    dispatch: () => answerDispatch({}, '{"ok":true}'),
  }
  const handlers: ChannelHandlers = new Proxy(answers, {
    get: (target, name: keyof EnclaveOperations) =>
      name === 'dispatch' ? recorded(target, dispatches) : target[name],
  })
  const server = createServer((connection) => {
    sockets.add(connection)
    connection.on('close', () => sockets.delete(connection))
    serveChannel(connection, handlers)
  })
  server.listen(socket)
  await once(server, 'listening')
  const crash = (): void => {
    for (const connection of sockets) connection.destroy()
  }
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    crash()
    await closed
  }
  return {
    socket,
    answers,
    dispatches,
    crash,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function recorded(
  answers: Answers,
  dispatches: EnclaveDouble['dispatches'],
): ChannelHandlers['dispatch'] {
  return async (head, context) => {
    const bytes = await context.body.bytes(50_000_000)
    dispatches.push({ head, body: Buffer.from(bytes.subarray(head.record_bytes)).toString() })
    return answers.dispatch(head, context)
  }
}

/** The answer of an upstream. */
export const answerDispatch = async (
  result: Partial<EnclaveOperations['dispatch']['result']>,
  body: string | Uint8Array,
) => ({
  head: {
    status: 200,
    headers: { 'content-type': 'application/json' },
    host: 'api.example.com',
    ...result,
  },
  body: typeof body === 'string' ? utf8(body) : body,
})
