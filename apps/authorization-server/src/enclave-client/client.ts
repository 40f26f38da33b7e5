import { concatBytes, type RecordContext } from '@holdfast/protocol'
import { type CancelSignal, ChannelError, EnclaveError } from '@holdfast/protocol/channel'
import type {
  AuditHead,
  BeginAuthorizationHead,
  BeginAuthorizationResult,
  CompleteAuthorizationHead,
  DispatchHead,
  DispatchResult,
  EnclaveKeys,
  EnclaveOperation,
  EnclaveOperations,
  EnclaveStatus,
  IngestHead,
  IngestResult,
  RevokeTokensResult,
  RewrapHead,
  SignedAuditHead,
  TokenFacts,
} from '@holdfast/protocol/enclave'
import { enclaveStatusSchema, tokenFactsSchema } from '@holdfast/protocol/enclave'
import { type EnclaveLinkOptions, openEnclaveLink } from './link.ts'

/** A dispatch for the enclave to carry out. */
export interface EnclaveDispatch {
  readonly head: Omit<DispatchHead, 'record_bytes'>
  /** The vault record. */
  readonly record: Uint8Array
  /** Body of the upstream request. */
  readonly body: Uint8Array | undefined
  /** Gives the call up, such as when its caller went away. */
  readonly signal?: CancelSignal | undefined
}

/** A vault record with what it is bound to. */
export interface BoundRecord {
  readonly context: RecordContext
  readonly record: Uint8Array
}

/** A record that holds new tokens, and what may be known of them. */
export interface TokenAnswer {
  readonly facts: TokenFacts
  readonly record: Uint8Array
}

/**
 * The enclave as the control plane sees it. Every call has a deadline and rejects with an
 * `EnclaveError`: `ENCLAVE_UNAVAILABLE` at once when the enclave is not there.
 */
export interface EnclaveClient {
  /** Tells within a second whether the enclave answers. Never rejects. */
  isReachable(): Promise<boolean>
  status(): Promise<EnclaveStatus>
  keys(): Promise<EnclaveKeys>
  /** Has a sealed credential opened, checked and turned into a vault record. */
  ingest(
    head: IngestHead,
    sealed: Uint8Array,
  ): Promise<{ readonly result: IngestResult; readonly record: Uint8Array }>
  /** Has a vault record bound to another policy; returns the new record. */
  rewrap(head: RewrapHead, record: Uint8Array): Promise<Uint8Array>
  dispatch(
    call: EnclaveDispatch,
  ): Promise<{ readonly result: DispatchResult; readonly body: Uint8Array }>
  /** Begins a sign-in at a provider; `pending` is sealed and needed to complete it. */
  beginAuthorization(
    head: Omit<BeginAuthorizationHead, 'app'>,
    app: BoundRecord,
  ): Promise<{ readonly result: BeginAuthorizationResult; readonly pending: Uint8Array }>
  /** Has the code of a sign-in redeemed. */
  completeAuthorization(
    head: Pick<CompleteAuthorizationHead, 'context' | 'response'>,
    pending: Uint8Array,
    app: BoundRecord,
  ): Promise<TokenAnswer>
  /** Has the next access token fetched; the record is of the next version. */
  refresh(connection: BoundRecord, app: BoundRecord | undefined): Promise<TokenAnswer>
  /** Has the provider told to end the tokens of a record. */
  revokeTokens(connection: BoundRecord, app: BoundRecord | undefined): Promise<RevokeTokensResult>
  signHead(head: AuditHead): Promise<SignedAuditHead>
  latestHead(): Promise<SignedAuditHead | undefined>
  rotateSealingKey(): Promise<EnclaveKeys>
  close(): Promise<void>
}

export type EnclaveClientOptions = EnclaveLinkOptions

const quickMs = 5000
/** More than the enclave gives a provider, so that it reports its timeout first. */
export const providerMs = 15_000
const reachableMs = 1000
const maxRecordBytes = 262_144
const noBytes = new Uint8Array(0)

/** Added to a dispatch's own time, so that the enclave, which knows more, reports its timeout first. */
const dispatchGraceMs = 2000

/** Connects to the enclave; returns at once and connects again whenever the connection breaks. */
export function createEnclaveClient(options: EnclaveClientOptions): EnclaveClient {
  const link = openEnclaveLink(options)

  async function call<Operation extends EnclaveOperation>(
    operation: Operation,
    head: EnclaveOperations[Operation]['head'],
    limits: CallLimits,
    body: Uint8Array = noBytes,
  ): Promise<{ head: EnclaveOperations[Operation]['result']; body: Uint8Array }> {
    try {
      const pending = link.channel()
      const channel = pending instanceof Promise ? await pending : pending
      if (!channel) throw unavailable('the enclave is not running; check `holdfast status`')
      const { timeoutMs, signal } = limits
      const reply = await channel.request(operation, head, body, { timeoutMs, signal })
      return { head: reply.head, body: await reply.bytes(limits.maxBytes) }
    } catch (error) {
      throw translate(error)
    }
  }

  return {
    async isReachable() {
      try {
        const channel = await link.channel()
        await channel?.ping(reachableMs)
        return channel !== undefined
      } catch {
        return false
      }
    },
    async status() {
      const { head } = await call('status', {}, { timeoutMs: quickMs, maxBytes: 0 })
      const status = enclaveStatusSchema.safeParse(head)
      if (!status.success) throw new EnclaveError('INTERNAL', 'the enclave reports no valid status')
      return status.data
    },
    keys: async () => (await call('keys', {}, { timeoutMs: quickMs, maxBytes: 0 })).head,
    async ingest(head, sealed) {
      const limits = { timeoutMs: quickMs, maxBytes: maxRecordBytes }
      const reply = await call('ingest', head, limits, sealed)
      return { result: reply.head, record: requireRecord(reply.body) }
    },
    async rewrap(head, record) {
      const limits = { timeoutMs: quickMs, maxBytes: maxRecordBytes }
      return requireRecord((await call('rewrap', head, limits, record)).body)
    },
    async dispatch({ head, record, body, signal }) {
      const reply = await call(
        'dispatch',
        { ...head, record_bytes: record.length },
        {
          timeoutMs: head.timeout_ms + dispatchGraceMs,
          maxBytes: head.max_response_bytes,
          signal,
        },
        body ? concatBytes(record, body) : record,
      )
      return { result: reply.head, body: reply.body }
    },
    async beginAuthorization(head, app) {
      const reply = await call(
        'beginAuthorization',
        { ...head, app: { context: app.context } },
        { timeoutMs: quickMs, maxBytes: maxRecordBytes },
        app.record,
      )
      return { result: reply.head, pending: requireRecord(reply.body) }
    },
    async completeAuthorization(head, pending, app) {
      const reply = await call(
        'completeAuthorization',
        {
          ...head,
          pending_bytes: pending.length,
          app: { context: app.context, record_bytes: app.record.length },
        },
        providerLimits,
        concatBytes(pending, app.record),
      )
      return tokenAnswer(reply)
    },
    refresh: async (connection, app) =>
      tokenAnswer(
        await call('refresh', headOf(connection, app), providerLimits, bodyOf(connection, app)),
      ),
    revokeTokens: async (connection, app) =>
      (await call('revokeTokens', headOf(connection, app), providerLimits, bodyOf(connection, app)))
        .head,
    signHead: async (head) =>
      (await call('signHead', head, { timeoutMs: quickMs, maxBytes: 0 })).head,
    latestHead: async () =>
      (await call('latestHead', {}, { timeoutMs: quickMs, maxBytes: 0 })).head.head ?? undefined,
    rotateSealingKey: async () =>
      (await call('rotateSealingKey', {}, { timeoutMs: quickMs, maxBytes: 0 })).head,
    close: () => Promise.resolve(link.close()),
  }
}

const providerLimits = { timeoutMs: providerMs, maxBytes: maxRecordBytes }

const headOf = ({ context, record }: BoundRecord, app: BoundRecord | undefined) => ({
  context,
  record_bytes: record.length,
  ...(app && { app: { context: app.context, record_bytes: app.record.length } }),
})

const bodyOf = ({ record }: BoundRecord, app: BoundRecord | undefined): Uint8Array =>
  app ? concatBytes(record, app.record) : record

function tokenAnswer({ head, body }: { head: unknown; body: Uint8Array }): TokenAnswer {
  const facts = tokenFactsSchema.safeParse(head)
  if (!facts.success) throw new EnclaveError('INTERNAL', 'the enclave answered without token facts')
  return { facts: facts.data, record: requireRecord(body) }
}

interface CallLimits {
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly signal?: CancelSignal | undefined
}

const unavailable = (message: string, cause?: unknown): EnclaveError =>
  new EnclaveError('ENCLAVE_UNAVAILABLE', message, { cause })

const unanswered = (message: string, cause: unknown): EnclaveError =>
  new EnclaveError('ENCLAVE_UNAVAILABLE', message, { cause, mayHaveRun: true })

function translate(error: unknown): unknown {
  if (!(error instanceof ChannelError)) return error
  switch (error.code) {
    case 'BODY_TOO_LARGE':
      return new EnclaveError('DOWNSTREAM_UNREACHABLE', 'the upstream answer is too large', {
        cause: error,
        mayHaveRun: true,
      })
    case 'TOO_MANY_REQUESTS':
      return unavailable('the enclave has more calls under way than it takes; try again', error)
    case 'TIMEOUT':
      return unanswered('the enclave did not answer in time', error)
    case 'CANCELLED':
      return unanswered('the call was given up', error)
    default:
      return unanswered('the enclave went away; the call may have been carried out', error)
  }
}

function requireRecord(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0) return bytes
  throw new EnclaveError('INTERNAL', 'the enclave answered without a vault record')
}
