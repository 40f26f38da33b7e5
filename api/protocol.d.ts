// The public surface of @holdfast/protocol. Written by scripts/packages/api-report.mjs.
// . is index.d.ts
// ./channel is channel.d.ts
// ./credential is credential.d.ts
// ./enclave is enclave.d.ts
// ./dispatch is dispatch.d.ts
// ./token is token.d.ts
// ./tool-manifest is tool-manifest.d.ts
// ./audit is audit.d.ts

// ── access-token.d.ts
import { type ConnectionHandle } from './connection-handle.ts'
import { type Sha256 } from './sha256.ts'
import type { TokenKeySource } from './token-key-source.ts'
import { type VerifySignature } from './verify-signature.ts'
/** Signature algorithms that an access token may use. */
export declare const accessTokenAlgorithms: readonly ['ES256', 'EdDSA', 'RS256']
/** How another authorization server's access tokens differ from RFC 9068. */
export interface TokenProfile {
  /** Accepted `typ` headers in lower case; undefined stands for a token without one. */
  readonly types: readonly (string | undefined)[]
  /** Accepted signature algorithms. */
  readonly algorithms: readonly string[]
  /**
   * Reads what issuers spell differently. Called before the signature is checked.
   *
   * @throws TokenError for a token that is no access token
   */
  readonly read: (claims: Readonly<Record<string, unknown>>) => Pick<
    VerifiedAccessToken,
    'clientId' | 'scopes'
  > & {
    readonly tokenId: string | undefined
  }
}
/** Options of {@link createAccessTokenVerifier}. */
export interface AccessTokenVerifierOptions {
  /** The accepted `iss`, compared byte for byte. */
  readonly issuer: string | readonly string[]
  /** The token's `aud` must hold one of these. */
  readonly audience: string | readonly string[]
  readonly keys: TokenKeySource
  /** Default the tokens of our own authorization server, by RFC 9068. */
  readonly profile?: TokenProfile
  /** Clock difference forgiven for `exp`, `nbf` and `iat`. Default 10, range 0 to 300. */
  readonly clockToleranceSeconds?: number
  /** Verified tokens that are remembered. Default 5000; 0 remembers none. */
  readonly cacheSize?: number
  /** Longest time for which a verified token is remembered. Default 300. */
  readonly cacheMaxAgeSeconds?: number
  /** Default {@link webSha256}. */
  readonly sha256?: Sha256
  /** Default {@link webVerifySignature}. */
  readonly verifySignature?: VerifySignature
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}
/** A member of `authorization_details` (RFC 9396). */
export interface AuthorizationDetail extends Readonly<Record<string, unknown>> {
  readonly type: string
}
/** Connections by the names under which a user granted them. Has no prototype, so any name can be looked up. */
export type GrantedConnections = Readonly<Record<string, ConnectionHandle>>
/** What a valid access token says. Frozen, because one object serves every request of a token. */
export interface VerifiedAccessToken {
  readonly issuer: string
  readonly subject: string
  readonly clientId: string
  readonly audience: readonly string[]
  readonly scopes: readonly string[]
  /** `iat`, in seconds. */
  readonly issuedAt: number
  /** `exp`, in seconds. */
  readonly expiresAt: number
  /** `jti`, or the token's hash where another issuer gives none. */
  readonly tokenId: string
  /** Thumbprint of the key that must prove itself, when the token is bound to one. */
  readonly jkt: string | undefined
  /**
   * Who acts for the subject when the token came from exchanges: `act.sub`, then each `act.sub` nested
   * in it, up to the client that acted first. Empty otherwise.
   */
  readonly actors: readonly string[]
  /** `ddls:connections`. */
  readonly connections: GrantedConnections
  /**
   * `authorization_details`: what may be done in detail; undefined when nothing limits it so. Those of
   * type `connection` name handles and what may be done with them, which dispatch enforces.
   */
  readonly authorizationDetails: readonly AuthorizationDetail[] | undefined
  /** `ddls:grant`: the grant's opaque reference, for revocation. */
  readonly grant: string | undefined
  /** `ddls:resource`: the resource that the exchanged token was made for. */
  readonly resource: string | undefined
  /** All claims as they were signed. */
  readonly claims: Readonly<Record<string, unknown>>
  /** SHA-256 of the token as base64url: what a proof's `ath` must be. */
  readonly hash: string
}
/** A verifier made by {@link createAccessTokenVerifier}. */
export interface AccessTokenVerifier {
  /**
   * Checks a JWT access token.
   *
   * @param audience - accepted audiences of this call instead of the configured ones
   * @throws TokenError `invalid_token`, or `temporarily_unavailable` when keys cannot be had
   */
  readonly verify: (
    token: string,
    audience?: string | readonly string[],
  ) => Promise<VerifiedAccessToken>
}
/**
 * What a token names that the authorization server has just handed us; undefined for one that names none or
 * that we cannot read. Nothing rests on it: the authorization server checks each handle again.
 */
export declare function connectionsIn(accessToken: string): GrantedConnections | undefined
/**
 * Makes a verifier of our authorization server's JWT access tokens. Everything that costs nothing is
 * checked before the signature; a verified token is remembered by its hash until it expires.
 *
 * @throws RangeError for numbers that cannot be
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068#section-4}
 */
export declare function createAccessTokenVerifier(
  options: AccessTokenVerifierOptions,
): AccessTokenVerifier

// ── audit-record.d.ts
/** What became of the request that a record speaks of. */
export type AuditOutcome = 'success' | 'denied' | 'failed'
/** Further facts: at most 16 names of `[a-z][a-z0-9_]{0,31}`, values short, integers safe; never a secret. */
export type AuditDetail = {
  readonly [name: string]: string | number | boolean
}
/** What the caller says about an event; seq, time and the hashes are added by the log. */
export interface AuditEntry {
  /** Dotted name, e.g. `dispatch`, `connection.sealed`, `grant.revoked`. */
  readonly type: string
  readonly outcome: AuditOutcome
  /** Who did it: `usr_…`, a client id, or `system`. */
  readonly actor?: string | undefined
  /** To whom or what it was done, when no field below names it: a user, a key id, … */
  readonly subject?: string | undefined
  readonly client?: string | undefined
  readonly resource?: string | undefined
  /** Connection handle. */
  readonly connection?: string | undefined
  readonly grant?: string | undefined
  readonly request_id?: string | undefined
  readonly detail?: AuditDetail | undefined
}
/** One link of the chain, in the form in which it is stored, served and exported. */
export interface AuditRecord extends AuditEntry {
  /** 1, 2, 3, … without gaps. */
  readonly seq: number
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string
  /** Lower-case hex of the previous record's hash; {@link genesisHash} for the first. */
  readonly prev_hash: string
  /** Lower-case hex SHA-256 of {@link encodeAuditRecord}. */
  readonly hash: string
}
/** A point of the chain: everything up to `seq` is fixed by `hash`. */
export interface AuditPoint {
  readonly seq: number
  readonly hash: string
}
/** `prev_hash` of the first record. */
export declare const genesisHash: string
/**
 * The bytes whose SHA-256 is a record's `hash`: the RFC 8785 text of one JSON array, whose first
 * element names this format, with `null` for an absent field and `detail` in order of its names.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8785} JSON Canonicalization Scheme
 */
export declare function encodeAuditRecord(record: Omit<AuditRecord, 'hash'>): Uint8Array
/** The same facts with their names in code unit order. */
export declare function sortedByName(detail: AuditDetail): AuditDetail

// ── audit-verify.d.ts
import type { AuditPoint, AuditRecord } from './audit-record.ts'
import type { SignedAuditHead } from './enclave.ts'
/** What was done to a log that does not verify. */
export type AuditProblem = 'changed' | 'deleted' | 'reordered' | 'truncated' | 'forged-head'
/** The verdict on a log. */
export type AuditVerification =
  | {
      readonly ok: true
      readonly head: AuditPoint
      readonly records: number
    }
  | {
      readonly ok: false
      readonly problem: AuditProblem
      /** The first record that is not what was written, or is missing; of a forged head, the seq it claims. */
      readonly seq: number
      /**
       * Present when a consistently rewritten chain contradicts a signed head: the first bad record then lies
       * in `seq..until`, and nothing can tell where.
       */
      readonly until?: number
      /** One sentence for people. */
      readonly message: string
    }
export interface AuditVerifyOptions {
  /** The stored heads, in any order. */
  readonly signedHeads: readonly SignedAuditHead[]
  /** The enclave's own latest head: proves truncation even when the stored heads were deleted too. */
  readonly latestHead?: SignedAuditHead | undefined
  /** Checks `signature` over `auditHeadSignedBytes(head)` with an identity key that the verifier trusts. */
  readonly verifySignature: (head: SignedAuditHead) => boolean | Promise<boolean>
  /** SHA-256; default WebCrypto. A synchronous one is several times faster on long logs. */
  readonly sha256?: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>
}
/**
 * Checks a whole log, read in stored order from record 1, against the heads that the enclave signed, and names
 * the first record that was changed, deleted, moved or cut off.
 *
 * Records after the newest head are checked as a chain only: cutting those off leaves no trace.
 */
export declare function verifyAuditChain(
  records: Iterable<AuditRecord> | AsyncIterable<AuditRecord>,
  options: AuditVerifyOptions,
): Promise<AuditVerification>

// ── audit.d.ts
export { encodeAuditRecord, genesisHash, sortedByName } from './audit-record.ts'
export type {
  AuditDetail,
  AuditEntry,
  AuditOutcome,
  AuditPoint,
  AuditRecord,
} from './audit-record.ts'
export { verifyAuditChain } from './audit-verify.ts'
export type { AuditProblem, AuditVerification, AuditVerifyOptions } from './audit-verify.ts'
export type { SignedAuditHead } from './enclave.ts'

// ── authorization-details.d.ts
import { z } from 'zod'
import { type DispatchMethod } from './policy.ts'
/** Most details in one request. */
export declare const maxAuthorizationDetails = 20
/** Longest `authorization_details` in characters of JSON: they stand in every token. */
export declare const maxAuthorizationDetailsLength = 4096
/** Zod schema of {@link ConnectionDetail}. */
export declare const connectionDetailSchema: z.ZodObject<
  {
    type: z.ZodLiteral<'connection'>
    identifier: z.ZodOptional<
      z.ZodPipe<
        z.ZodString,
        z.ZodTransform<import('./connection-handle.ts').ConnectionHandle, string>
      >
    >
    provider: z.ZodOptional<z.ZodString>
    name: z.ZodOptional<z.ZodString>
    actions: z.ZodOptional<z.ZodArray<z.ZodString>>
    locations: z.ZodOptional<z.ZodArray<z.ZodString>>
  },
  z.core.$strict
>
/** A member of `authorization_details` of type `connection`. @see {@link https://www.rfc-editor.org/rfc/rfc9396} */
export type ConnectionDetail = z.infer<typeof connectionDetailSchema>
/** Zod schema of {@link GrantedConnectionDetail}. */
export declare const grantedConnectionDetailSchema: z.ZodObject<
  {
    type: z.ZodLiteral<'connection'>
    identifier: z.ZodNonOptional<
      z.ZodOptional<
        z.ZodPipe<
          z.ZodString,
          z.ZodTransform<import('./connection-handle.ts').ConnectionHandle, string>
        >
      >
    >
    provider: z.ZodOptional<z.ZodString>
    name: z.ZodOptional<z.ZodString>
    actions: z.ZodOptional<z.ZodArray<z.ZodString>>
    locations: z.ZodOptional<z.ZodArray<z.ZodString>>
  },
  z.core.$strict
>
/** A detail as it was granted: it names its connection. */
export type GrantedConnectionDetail = z.infer<typeof grantedConnectionDetailSchema>
/** Tells whether a detail allows a call. `pathname` is one that `parseRequestPath` accepted. */
export declare function allowsCall(
  { actions }: Pick<GrantedConnectionDetail, 'actions'>,
  {
    method,
    pathname,
  }: {
    readonly method: DispatchMethod
    readonly pathname: string
  },
): boolean
/** Tells whether a detail may be used on behalf of a resource. */
export declare const allowsLocation: (
  { locations }: Pick<GrantedConnectionDetail, 'locations'>,
  resource: string,
) => boolean
/** What a grant without details allows, as details: its connections and whatever their policies allow. */
export declare const detailsOfConnections: (
  connections: Readonly<Record<string, string>>,
) => GrantedConnectionDetail[]
/**
 * The details that somebody asks for out of those that were granted, with what they leave out filled in.
 *
 * @throws ProtocolError `INVALID_DETAILS` for anything that was not granted
 */
export declare const narrowDetails: (
  asked: readonly ConnectionDetail[],
  granted: readonly GrantedConnectionDetail[],
) => GrantedConnectionDetail[]

// ── authorize-request.d.ts
import type { AccessTokenVerifier, VerifiedAccessToken } from './access-token.ts'
import type { DpopVerifier } from './dpop.ts'
import type { DpopPolicy } from './token-challenge.ts'
/** The parts of an HTTP request that carry authority. */
export interface TokenRequest {
  readonly method: string
  /** Public absolute URL, from configuration and never from a `Host` header. */
  readonly url: string
  /** Every value of the `Authorization` header, not only the first. */
  readonly authorization: readonly string[]
  /** Every value of the `DPoP` header. */
  readonly dpop: readonly string[]
}
/** Options of {@link authorizeRequest}. */
export interface AuthorizeRequestOptions {
  readonly tokens: AccessTokenVerifier
  readonly proofs: DpopVerifier
  readonly dpop: DpopPolicy
  /** Audiences to accept instead of the verifier's own. */
  readonly audience?: string | readonly string[]
  /** Scopes that the token must all hold. */
  readonly scopes?: readonly string[]
  /** A nonce that proofs must carry, or what tells whether one is good. */
  readonly nonce?: string | ((nonce: string) => boolean)
}
/** A parsed `Authorization` header. */
export interface PresentedToken {
  readonly scheme: 'bearer' | 'dpop'
  readonly token: string
}
/**
 * Reads the one `Authorization` header of a request.
 *
 * @throws TokenError `missing_token` without a token, `invalid_request` with more than one
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-2.1}
 */
export declare function parseAuthorization(values: readonly string[]): PresentedToken
/**
 * Refuses a token that lacks a scope.
 *
 * @throws TokenError `insufficient_scope` that names what is missing and all that is needed
 */
export declare function requireScopes(
  token: VerifiedAccessToken,
  required: readonly string[] | undefined,
): void
/**
 * Decides whether a request carries a valid access token and, for a bound token, a proof of its key.
 * The authorization server and the resource-server SDK both use it, so that they cannot disagree.
 *
 * @throws TokenError
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7.1}
 */
export declare function authorizeRequest(
  request: TokenRequest,
  options: AuthorizeRequestOptions,
): Promise<VerifiedAccessToken>

// ── bounded-cache.d.ts
/**
 * A map that never holds more than `limit` entries and keeps at least the half of them that was used last.
 *
 * It has two generations: what is used moves to the young one; when that is full it becomes the old one, and
 * what nobody used in the meantime is forgotten. Most reads are one look, with nothing put in order.
 */
export declare class BoundedCache<Value> {
  #private
  /** @throws RangeError for a limit that is no number of entries */
  constructor(limit: number)
  get size(): number
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
}

// ── bytes.d.ts
/** UTF-8 bytes of a string. */
export declare const utf8: (text: string) => Uint8Array
/**
 * The string that UTF-8 bytes spell.
 *
 * @throws TypeError when the bytes are not UTF-8
 */
export declare const utf8Text: (bytes: Uint8Array) => string
/** Base64url without padding. @see {@link https://www.rfc-editor.org/rfc/rfc4648#section-5} */
export declare const toBase64url: (bytes: Uint8Array) => string
/** The bytes of base64url text. @throws TypeError when the text is not base64url */
export declare const fromBase64url: (text: string) => Uint8Array
/** One array that holds the given parts in order. */
export declare function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer>

// ── cancellation.d.ts
/** The part of an `AbortSignal` that is needed to stop work; an `AbortSignal` fits as it is. */
export interface CancelSignal {
  readonly aborted: boolean
  addEventListener(
    event: 'abort',
    listener: () => void,
    options?: {
      readonly once: boolean
    },
  ): void
  removeEventListener(event: 'abort', listener: () => void): void
}
/**
 * A signal with its own trigger. An `AbortController` does the same, but is made of an event target
 * and costs as much as a whole frame of the channel; every dispatch needs several.
 */
export declare class Cancellation implements CancelSignal {
  #private
  get aborted(): boolean
  /** Calls the listener when {@link abort} is called first; not if it was before, as of an `AbortSignal`. */
  addEventListener(_event: 'abort', listener: () => void): void
  removeEventListener(_event: 'abort', listener: () => void): void
  abort(): void
}

// ── canonical-json.d.ts
/**
 * The one byte string of a JSON value, for signatures and additional authenticated data.
 *
 * @throws TypeError when the value is not JSON
 * @see {@link https://www.rfc-editor.org/rfc/rfc8785} JSON Canonicalization Scheme
 */
export declare function canonicalBytes(value: unknown): Uint8Array

// ── channel-body.d.ts
/** Bytes that each side may send on a stream before the other has read them. */
export declare const streamWindowBytes = 262144
/** A body given as one array, several, or a stream. Arrays must not change after being given. */
export type BodySource = Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array>
/** A body that arrives: iterate it once, or take it whole. */
export interface BodyReader extends AsyncIterable<Uint8Array> {
  /**
   * The whole rest of the body.
   *
   * @throws ChannelError `BODY_TOO_LARGE` above `maxBytes`; the stream is cancelled then
   */
  bytes(maxBytes: number): Promise<Uint8Array>
}
/** The reading end of a stream: holds what has arrived and grants credit for what was read. */
export declare class IncomingBody implements BodyReader {
  #private
  /**
   * @param grant - sends the peer credit
   * @param abandon - called when the reader stops before the end
   */
  constructor(grant: (bytes: number) => void, abandon: () => void)
  /** Takes a received chunk. @throws ChannelError `PROTOCOL_VIOLATION` beyond the granted credit */
  push(chunk: Uint8Array): void
  /** Marks the body as complete. */
  end(): void
  /** Makes every later read fail; what has arrived is dropped. */
  fail(error: Error): void
  bytes(maxBytes: number): Promise<Uint8Array>
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined>
}
/** The writing end of a stream: sends as much as the peer has granted, then waits. */
export declare class OutgoingBody {
  #private
  constructor(send: (payload: Uint8Array) => void)
  /** Takes credit that the peer granted. @throws ChannelError `PROTOCOL_VIOLATION` beyond the window */
  addCredit(bytes: number): void
  /** Stops the writer: the stream is over. */
  fail(error: Error): void
  /**
   * Sends a body to its end. Returns `undefined` when the credit covered it at once.
   *
   * @throws the error given to {@link fail}, or what the source threw
   */
  write(source: BodySource): Promise<void> | undefined
}

// ── channel-client.d.ts
import type { CancelSignal } from './cancellation.ts'
import { type ChannelSocket } from './channel-connection.ts'
import { type BodySource } from './channel-body.ts'
import { ChannelError } from './channel-errors.ts'
import { type EnclaveOperation, type EnclaveOperations } from './enclave.ts'
/** Options of one request. */
export interface ChannelRequestOptions {
  /** Cancels the request; it then rejects with `CANCELLED`. */
  readonly signal?: CancelSignal | undefined
  /** Time for the whole answer in ms, body included, 1 to 3600000. Default 30000. */
  readonly timeoutMs?: number | undefined
}
/** An answer whose head has arrived. Read its body to the end, or cancel it. */
export interface ChannelReply<Result> {
  readonly head: Result
  readonly body: AsyncIterable<Uint8Array>
  /** The whole body. @throws ChannelError `BODY_TOO_LARGE` above `maxBytes` */
  bytes(maxBytes: number): Promise<Uint8Array>
  /** Gives the rest of the body up. */
  cancel(): void
}
/** The asking side of a channel. */
export interface ChannelClient {
  /**
   * Asks for an operation.
   *
   * @throws EnclaveError when the enclave refuses
   * @throws ChannelError when the channel fails, the time is over or the signal fires
   */
  request<Operation extends EnclaveOperation>(
    operation: Operation,
    head: EnclaveOperations[Operation]['head'],
    body?: BodySource,
    options?: ChannelRequestOptions,
  ): Promise<ChannelReply<EnclaveOperations[Operation]['result']>>
  /** Resolves when the other side answers. @throws ChannelError `TIMEOUT`, `CHANNEL_CLOSED` */
  ping(timeoutMs: number): Promise<void>
  readonly isClosed: boolean
  /** Resolves with the reason once the channel is closed. */
  readonly closed: Promise<ChannelError>
  /** Closes the channel; what is unanswered rejects with `CHANNEL_CLOSED`. */
  close(): void
}
/**
 * Opens a channel over a connected socket. Requests may be sent at once and run in parallel.
 *
 * @example
 * const client = createChannelClient(net.connect(path))
 * const { head } = await client.request('status', {})
 */
export declare function createChannelClient(socket: ChannelSocket): ChannelClient

// ── channel-connection.d.ts
import { ChannelError } from './channel-errors.ts'
import { type FrameListener, type FrameType } from './frame.ts'
/**
 * What the channel needs of a byte stream. A `net.Socket` of Node fits as it is.
 *
 * A write must keep its order and may keep a reference to the bytes; `error` must be followed by
 * `close`.
 */
export interface ChannelSocket {
  /** Bytes written but not yet taken by the other side. */
  readonly writableLength: number
  write(bytes: Uint8Array): unknown
  end(): unknown
  destroy(): unknown
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'close', listener: () => void): unknown
}
/** Frames over one socket, with the greeting, batched writes and one way to close. */
export declare class ChannelConnection {
  #private
  constructor(
    socket: ChannelSocket,
    listener: FrameListener,
    onClosed: (reason: ChannelError) => void,
  )
  /** Why the channel is closed; `undefined` while it is open. */
  get closedBy(): ChannelError | undefined
  /** Adds a frame to the next write; `text` follows the payload. After the channel closed it does nothing. */
  send(type: FrameType, stream: number, payload?: Uint8Array, text?: string): void
  /** Closes because the peer broke the rules, and tells it so. */
  violation(error: unknown): void
  /** Writes what is queued and closes. */
  close(reason: ChannelError): void
}
/** Lets a process end although the timer is pending; a no-op outside Node. */
export declare function unref(timer: ReturnType<typeof setTimeout>): void
/** Tells whether a stream number was given out before or at `last`; numbers wrap around. */
export declare function isOldStream(stream: number, last: number): boolean

// ── channel-errors.d.ts
import type { EnclaveErrorCode } from './enclave.ts'
/** Ways in which the channel itself fails, as opposed to an operation that the enclave refused. */
export type ChannelErrorCode =
  /** The socket closed, or never opened; unanswered requests may or may not have been carried out. */
  | 'CHANNEL_CLOSED'
  /** One side broke the frame rules; the channel is closed. */
  | 'PROTOCOL_VIOLATION'
  /** The request's `timeoutMs` passed. */
  | 'TIMEOUT'
  /** The request was cancelled by its signal, or by the other side. */
  | 'CANCELLED'
  /** Too many requests wait for a free stream. */
  | 'TOO_MANY_REQUESTS'
  /** A body is longer than its reader allows. */
  | 'BODY_TOO_LARGE'
/** A failure of the channel. `message` is fixed text: never data that passed through it. */
export declare class ChannelError extends Error {
  readonly name = 'ChannelError'
  readonly code: ChannelErrorCode
  constructor(code: ChannelErrorCode, message: string, options?: ErrorOptions)
}
/**
 * An operation that the enclave refused or could not do. `message` is fixed text of ours: never
 * upstream text, never a secret.
 */
export declare class EnclaveError extends Error {
  readonly name = 'EnclaveError'
  readonly code: EnclaveErrorCode
  /** How long the other side wants to be left alone, where it said so. */
  readonly retryAfterMs: number | undefined
  /** Whether the upstream may have carried the call out, although there is no answer of it. */
  readonly mayHaveRun: boolean
  constructor(
    code: EnclaveErrorCode,
    message: string,
    options?: ErrorOptions & {
      readonly retryAfterMs?: number | undefined
      readonly mayHaveRun?: boolean
    },
  )
}

// ── channel-server.d.ts
import { type CancelSignal } from './cancellation.ts'
import { type ChannelSocket } from './channel-connection.ts'
import { type BodyReader, type BodySource } from './channel-body.ts'
import { ChannelError } from './channel-errors.ts'
import { type EnclaveOperation, type EnclaveOperations } from './enclave.ts'
/** What a handler gets beside the head. */
export interface ChannelRequestContext {
  readonly body: BodyReader
  /** Fires when the client cancels, its time is over or the channel closes. */
  readonly signal: CancelSignal
}
/** Does an operation. It rejects with an `EnclaveError` to refuse; anything else becomes `INTERNAL`. */
export type ChannelHandler<Operation extends EnclaveOperation> = (
  head: EnclaveOperations[Operation]['head'],
  context: ChannelRequestContext,
) => Promise<{
  readonly head: EnclaveOperations[Operation]['result']
  readonly body?: BodySource | undefined
}>
/** One handler for each operation. */
export type ChannelHandlers = {
  readonly [Operation in EnclaveOperation]: ChannelHandler<Operation>
}
/** Options of {@link serveChannel}. */
export interface ServeChannelOptions {
  /** Told of failures that are no `EnclaveError`; must not log what the error holds without care. */
  readonly onInternalError?: ((operation: EnclaveOperation, error: unknown) => void) | undefined
}
/** The answering side of a channel. */
export interface ChannelServer {
  /** Resolves with the reason once the channel is closed. */
  readonly closed: Promise<ChannelError>
  close(): void
}
/** Answers the requests that arrive on a socket until it closes. */
export declare function serveChannel(
  socket: ChannelSocket,
  handlers: ChannelHandlers,
  options?: ServeChannelOptions,
): ChannelServer

// ── channel.d.ts
/**
 * The wire between control plane and enclave: length-prefixed, multiplexed frames with credit flow
 * control, deadlines and cancellation over one byte stream. Works over any {@link ChannelSocket}.
 *
 * @module
 */
export { type BodyReader, type BodySource, streamWindowBytes } from './channel-body.ts'
export { type CancelSignal, Cancellation } from './cancellation.ts'
export {
  type ChannelClient,
  type ChannelReply,
  type ChannelRequestOptions,
  createChannelClient,
} from './channel-client.ts'
export type { ChannelSocket } from './channel-connection.ts'
export { ChannelError, type ChannelErrorCode, EnclaveError } from './channel-errors.ts'
export {
  type ChannelHandler,
  type ChannelHandlers,
  type ChannelRequestContext,
  type ChannelServer,
  serveChannel,
  type ServeChannelOptions,
} from './channel-server.ts'

// ── connection-handle.d.ts
import { z } from 'zod'
declare const handleBrand: unique symbol
/** The opaque public name of a Connection: `ddls:conn:<ULID>-<provider>`. Never a secret. */
export type ConnectionHandle = string & {
  readonly [handleBrand]: true
}
/** Longest handle that is accepted, in characters. */
export declare const maxHandleLength = 128
/** A provider's catalog name: lower-case letters, digits and inner dashes, 1 to 40 characters. */
export declare const providerNameSchema: z.ZodString
/** Tells whether a string is a handle by the ASCII grammar, fully anchored. */
export declare function isConnectionHandle(value: unknown): value is ConnectionHandle
/**
 * The handle that a string spells.
 *
 * @throws ProtocolError `INVALID_HANDLE`
 */
export declare function parseConnectionHandle(value: string): ConnectionHandle
/**
 * The handle of a new Connection.
 *
 * @param ulid - 26 characters of Crockford base 32, made by the control plane
 * @param provider - the provider's catalog name, such as `github`
 * @throws ProtocolError `INVALID_HANDLE`
 */
export declare function formatConnectionHandle(ulid: string, provider: string): ConnectionHandle
/** The provider that a handle made by {@link formatConnectionHandle} spells; undefined for another's. */
export declare const providerOfHandle: (handle: string) => string | undefined
/** Zod schema of {@link ConnectionHandle}. */
export declare const connectionHandleSchema: z.ZodPipe<
  z.ZodString,
  z.ZodTransform<ConnectionHandle, string>
>
export {}

// ── connection.d.ts
import { z } from 'zod'
import { type ConnectionPolicy } from './policy.ts'
/**
 * States of a Connection: `reserved` until it has a credential, `needs_reconnect` when the provider no
 * longer takes the one that it has.
 */
export declare const connectionStatuses: readonly [
  'reserved',
  'active',
  'paused',
  'needs_reconnect',
  'revoked',
]
export type ConnectionStatus = (typeof connectionStatuses)[number]
/**
 * What becomes of the tokens of a revoked Connection at their provider: `pending` until it was told,
 * `failed` when telling it was given up.
 */
export declare const providerRevocations: readonly [
  'pending',
  'revoked',
  'nothing_to_revoke',
  'not_supported',
  'failed',
]
export type ProviderRevocation = (typeof providerRevocations)[number]
/** Zod schema of {@link RecordContext}. */
export declare const recordContextSchema: z.ZodObject<
  {
    handle: z.ZodPipe<
      z.ZodString,
      z.ZodTransform<import('./connection-handle.ts').ConnectionHandle, string>
    >
    owner: z.ZodString
    provider: z.ZodString
    allowed_hosts: z.ZodArray<z.ZodString>
    policy: z.ZodObject<
      {
        methods: z.ZodArray<
          z.ZodEnum<{
            '*': '*'
            DELETE: 'DELETE'
            GET: 'GET'
            PATCH: 'PATCH'
            POST: 'POST'
            PUT: 'PUT'
          }>
        >
        paths: z.ZodArray<z.ZodString>
        resources: z.ZodArray<z.ZodString>
      },
      z.core.$strict
    >
    version: z.ZodInt
  },
  z.core.$strict
>
/**
 * What a vault record is bound to: its additional authenticated data. The enclave opens a record
 * only together with exactly the context under which it was written.
 */
export type RecordContext = z.infer<typeof recordContextSchema>
/** The policy of a Connection that may do nothing: the default. */
export declare const denyAllPolicy: ConnectionPolicy

// ── credential-envelope.d.ts
import { z } from 'zod'
declare const envelopeBindingSchema: z.ZodObject<
  {
    handle: z.ZodPipe<
      z.ZodString,
      z.ZodTransform<import('./connection-handle.ts').ConnectionHandle, string>
    >
    owner: z.ZodString
    provider: z.ZodString
    allowed_hosts: z.ZodArray<z.ZodString>
    upload_nonce: z.ZodString
    created_at: z.ZodInt
    pins: z.ZodObject<
      {
        methods: z.ZodOptional<
          z.ZodArray<
            z.ZodEnum<{
              '*': '*'
              DELETE: 'DELETE'
              GET: 'GET'
              PATCH: 'PATCH'
              POST: 'POST'
              PUT: 'PUT'
            }>
          >
        >
        paths: z.ZodOptional<z.ZodArray<z.ZodString>>
        resources: z.ZodOptional<z.ZodArray<z.ZodString>>
        dpop_jkts: z.ZodOptional<z.ZodArray<z.ZodString>>
      },
      z.core.$strict
    >
  },
  z.core.$strict
>
declare const headerSchema: z.ZodObject<
  {
    v: z.ZodLiteral<1>
    credential: z.ZodDiscriminatedUnion<
      [
        z.ZodDiscriminatedUnion<
          [
            z.ZodObject<
              {
                kind: z.ZodLiteral<'api_key'>
                in: z.ZodOptional<z.ZodLiteral<'header'>>
                header_name: z.ZodString
                header_template: z.ZodString
              },
              z.core.$strict
            >,
            z.ZodObject<
              {
                kind: z.ZodLiteral<'api_key'>
                in: z.ZodEnum<{
                  cookie: 'cookie'
                  query: 'query'
                }>
                name: z.ZodString
                template: z.ZodOptional<z.ZodString>
              },
              z.core.$strict
            >,
            z.ZodObject<
              {
                kind: z.ZodLiteral<'api_key'>
                in: z.ZodLiteral<'path'>
                template: z.ZodString
                segment: z.ZodOptional<z.ZodInt>
              },
              z.core.$strict
            >,
            z.ZodObject<
              {
                kind: z.ZodLiteral<'api_key'>
                in: z.ZodLiteral<'body'>
                format: z.ZodEnum<{
                  form: 'form'
                  json: 'json'
                }>
                name: z.ZodString
                template: z.ZodOptional<z.ZodString>
              },
              z.core.$strict
            >,
          ],
          'in'
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'bearer'>
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'basic'>
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'fields'>
            fields: z.ZodArray<z.ZodString>
            inject: z.ZodArray<
              z.ZodDiscriminatedUnion<
                [
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'header'>
                      name: z.ZodString
                      template: z.ZodString
                    },
                    z.core.$strict
                  >,
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'query'>
                      name: z.ZodString
                      template: z.ZodString
                    },
                    z.core.$strict
                  >,
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'cookie'>
                      name: z.ZodString
                      template: z.ZodString
                    },
                    z.core.$strict
                  >,
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'path'>
                      template: z.ZodString
                      segment: z.ZodOptional<z.ZodInt>
                    },
                    z.core.$strict
                  >,
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'body'>
                      format: z.ZodEnum<{
                        form: 'form'
                        json: 'json'
                      }>
                      name: z.ZodString
                      template: z.ZodString
                    },
                    z.core.$strict
                  >,
                ],
                'in'
              >
            >
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'hmac'>
            algorithm: z.ZodEnum<{
              'sha1-legacy': 'sha1-legacy'
              sha256: 'sha256'
              sha512: 'sha512'
            }>
            encoding: z.ZodEnum<{
              base64: 'base64'
              base64url: 'base64url'
              hex: 'hex'
            }>
            key_encoding: z.ZodOptional<
              z.ZodEnum<{
                base64: 'base64'
                hex: 'hex'
                text: 'text'
              }>
            >
            string_to_sign: z.ZodString
            signature: z.ZodDiscriminatedUnion<
              [
                z.ZodObject<
                  {
                    in: z.ZodLiteral<'header'>
                    name: z.ZodString
                    template: z.ZodOptional<z.ZodString>
                  },
                  z.core.$strict
                >,
                z.ZodObject<
                  {
                    in: z.ZodLiteral<'query'>
                    name: z.ZodString
                    template: z.ZodOptional<z.ZodString>
                  },
                  z.core.$strict
                >,
              ],
              'in'
            >
            timestamp: z.ZodOptional<
              z.ZodDiscriminatedUnion<
                [
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'header'>
                      name: z.ZodString
                      template: z.ZodOptional<z.ZodString>
                    },
                    z.core.$strict
                  >,
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'query'>
                      name: z.ZodString
                      template: z.ZodOptional<z.ZodString>
                    },
                    z.core.$strict
                  >,
                ],
                'in'
              >
            >
            timestamp_format: z.ZodOptional<
              z.ZodEnum<{
                http_date: 'http_date'
                iso8601: 'iso8601'
                unix: 'unix'
                unix_ms: 'unix_ms'
              }>
            >
            nonce: z.ZodOptional<
              z.ZodDiscriminatedUnion<
                [
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'header'>
                      name: z.ZodString
                      template: z.ZodOptional<z.ZodString>
                    },
                    z.core.$strict
                  >,
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'query'>
                      name: z.ZodString
                      template: z.ZodOptional<z.ZodString>
                    },
                    z.core.$strict
                  >,
                ],
                'in'
              >
            >
            key_id: z.ZodOptional<
              z.ZodDiscriminatedUnion<
                [
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'header'>
                      name: z.ZodString
                      template: z.ZodOptional<z.ZodString>
                    },
                    z.core.$strict
                  >,
                  z.ZodObject<
                    {
                      in: z.ZodLiteral<'query'>
                      name: z.ZodString
                      template: z.ZodOptional<z.ZodString>
                    },
                    z.core.$strict
                  >,
                ],
                'in'
              >
            >
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'aws_sigv4'>
            region: z.ZodString
            service: z.ZodString
            payload: z.ZodOptional<
              z.ZodEnum<{
                chunked: 'chunked'
                signed: 'signed'
                unsigned: 'unsigned'
              }>
            >
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'mtls'>
            fields: z.ZodOptional<z.ZodArray<z.ZodString>>
            inject: z.ZodOptional<
              z.ZodArray<
                z.ZodDiscriminatedUnion<
                  [
                    z.ZodObject<
                      {
                        in: z.ZodLiteral<'header'>
                        name: z.ZodString
                        template: z.ZodString
                      },
                      z.core.$strict
                    >,
                    z.ZodObject<
                      {
                        in: z.ZodLiteral<'query'>
                        name: z.ZodString
                        template: z.ZodString
                      },
                      z.core.$strict
                    >,
                    z.ZodObject<
                      {
                        in: z.ZodLiteral<'cookie'>
                        name: z.ZodString
                        template: z.ZodString
                      },
                      z.core.$strict
                    >,
                    z.ZodObject<
                      {
                        in: z.ZodLiteral<'path'>
                        template: z.ZodString
                        segment: z.ZodOptional<z.ZodInt>
                      },
                      z.core.$strict
                    >,
                    z.ZodObject<
                      {
                        in: z.ZodLiteral<'body'>
                        format: z.ZodEnum<{
                          form: 'form'
                          json: 'json'
                        }>
                        name: z.ZodString
                        template: z.ZodString
                      },
                      z.core.$strict
                    >,
                  ],
                  'in'
                >
              >
            >
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            revocation_endpoint: z.ZodOptional<z.ZodString>
            revocation_request: z.ZodOptional<
              z.ZodObject<
                {
                  method: z.ZodEnum<{
                    DELETE: 'DELETE'
                    POST: 'POST'
                  }>
                  url: z.ZodString
                  token: z.ZodOptional<
                    z.ZodEnum<{
                      access_token: 'access_token'
                      refresh_token: 'refresh_token'
                    }>
                  >
                  authentication: z.ZodEnum<{
                    client: 'client'
                    none: 'none'
                    token: 'token'
                  }>
                  headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
                  body: z.ZodOptional<
                    z.ZodObject<
                      {
                        format: z.ZodEnum<{
                          form: 'form'
                          json: 'json'
                        }>
                        fields: z.ZodRecord<z.ZodString, z.ZodString>
                      },
                      z.core.$strict
                    >
                  >
                  gone: z.ZodOptional<
                    z.ZodObject<
                      {
                        statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                        errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                      },
                      z.core.$strict
                    >
                  >
                },
                z.core.$strict
              >
            >
            kind: z.ZodLiteral<'oauth2_app'>
            client_id: z.ZodString
            authorization_endpoint: z.ZodString
            token_endpoint: z.ZodString
            refresh_gone: z.ZodOptional<
              z.ZodObject<
                {
                  statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                  errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                },
                z.core.$strict
              >
            >
            issuer: z.ZodOptional<z.ZodString>
            issuer_in_response: z.ZodOptional<z.ZodBoolean>
            token_endpoint_auth_method: z.ZodEnum<{
              client_secret_basic: 'client_secret_basic'
              client_secret_post: 'client_secret_post'
              none: 'none'
            }>
            scopes: z.ZodArray<z.ZodString>
            scope_separator: z.ZodOptional<
              z.ZodEnum<{
                ' ': ' '
                ',': ','
              }>
            >
            authorization_parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
            header: z.ZodOptional<
              z.ZodObject<
                {
                  name: z.ZodString
                  template: z.ZodString
                },
                z.core.$strict
              >
            >
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'oauth2'>
            app: z.ZodPipe<
              z.ZodString,
              z.ZodTransform<import('./connection-handle.ts').ConnectionHandle, string>
            >
            client_id: z.ZodString
            token_endpoint: z.ZodString
            header: z.ZodOptional<
              z.ZodObject<
                {
                  name: z.ZodString
                  template: z.ZodString
                },
                z.core.$strict
              >
            >
            issued: z.ZodOptional<
              z.ZodObject<
                {
                  generation: z.ZodString
                  expires_at_ms: z.ZodNullable<z.ZodInt>
                  scopes: z.ZodArray<z.ZodString>
                },
                z.core.$strict
              >
            >
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            revocation_endpoint: z.ZodOptional<z.ZodString>
            revocation_request: z.ZodOptional<
              z.ZodObject<
                {
                  method: z.ZodEnum<{
                    DELETE: 'DELETE'
                    POST: 'POST'
                  }>
                  url: z.ZodString
                  token: z.ZodOptional<
                    z.ZodEnum<{
                      access_token: 'access_token'
                      refresh_token: 'refresh_token'
                    }>
                  >
                  authentication: z.ZodEnum<{
                    client: 'client'
                    none: 'none'
                    token: 'token'
                  }>
                  headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
                  body: z.ZodOptional<
                    z.ZodObject<
                      {
                        format: z.ZodEnum<{
                          form: 'form'
                          json: 'json'
                        }>
                        fields: z.ZodRecord<z.ZodString, z.ZodString>
                      },
                      z.core.$strict
                    >
                  >
                  gone: z.ZodOptional<
                    z.ZodObject<
                      {
                        statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                        errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                      },
                      z.core.$strict
                    >
                  >
                },
                z.core.$strict
              >
            >
            kind: z.ZodLiteral<'oauth2_client_credentials'>
            client_id: z.ZodString
            token_endpoint: z.ZodString
            token_endpoint_auth_method: z.ZodEnum<{
              client_secret_basic: 'client_secret_basic'
              client_secret_post: 'client_secret_post'
            }>
            scopes: z.ZodOptional<z.ZodArray<z.ZodString>>
            parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
            header: z.ZodOptional<
              z.ZodObject<
                {
                  name: z.ZodString
                  template: z.ZodString
                },
                z.core.$strict
              >
            >
            issued: z.ZodOptional<
              z.ZodObject<
                {
                  generation: z.ZodString
                  expires_at_ms: z.ZodNullable<z.ZodInt>
                  scopes: z.ZodArray<z.ZodString>
                },
                z.core.$strict
              >
            >
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            revocation_endpoint: z.ZodOptional<z.ZodString>
            revocation_request: z.ZodOptional<
              z.ZodObject<
                {
                  method: z.ZodEnum<{
                    DELETE: 'DELETE'
                    POST: 'POST'
                  }>
                  url: z.ZodString
                  token: z.ZodOptional<
                    z.ZodEnum<{
                      access_token: 'access_token'
                      refresh_token: 'refresh_token'
                    }>
                  >
                  authentication: z.ZodEnum<{
                    client: 'client'
                    none: 'none'
                    token: 'token'
                  }>
                  headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
                  body: z.ZodOptional<
                    z.ZodObject<
                      {
                        format: z.ZodEnum<{
                          form: 'form'
                          json: 'json'
                        }>
                        fields: z.ZodRecord<z.ZodString, z.ZodString>
                      },
                      z.core.$strict
                    >
                  >
                  gone: z.ZodOptional<
                    z.ZodObject<
                      {
                        statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                        errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                      },
                      z.core.$strict
                    >
                  >
                },
                z.core.$strict
              >
            >
            kind: z.ZodLiteral<'jwt_bearer'>
            token_endpoint: z.ZodString
            issuer: z.ZodString
            subject: z.ZodOptional<z.ZodString>
            audience: z.ZodOptional<z.ZodString>
            algorithm: z.ZodEnum<{
              ES256: 'ES256'
              RS256: 'RS256'
            }>
            key_id: z.ZodOptional<z.ZodString>
            scopes: z.ZodOptional<z.ZodArray<z.ZodString>>
            scopes_in: z.ZodOptional<
              z.ZodEnum<{
                assertion: 'assertion'
                request: 'request'
              }>
            >
            parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
            header: z.ZodOptional<
              z.ZodObject<
                {
                  name: z.ZodString
                  template: z.ZodString
                },
                z.core.$strict
              >
            >
            issued: z.ZodOptional<
              z.ZodObject<
                {
                  generation: z.ZodString
                  expires_at_ms: z.ZodNullable<z.ZodInt>
                  scopes: z.ZodArray<z.ZodString>
                },
                z.core.$strict
              >
            >
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'github_app'>
            api_url: z.ZodString
            app_id: z.ZodString
            installation_id: z.ZodString
            repositories: z.ZodOptional<z.ZodArray<z.ZodString>>
            permissions: z.ZodOptional<
              z.ZodRecord<
                z.ZodString,
                z.ZodEnum<{
                  admin: 'admin'
                  read: 'read'
                  write: 'write'
                }>
              >
            >
            issued: z.ZodOptional<
              z.ZodObject<
                {
                  generation: z.ZodString
                  expires_at_ms: z.ZodNullable<z.ZodInt>
                  scopes: z.ZodArray<z.ZodString>
                },
                z.core.$strict
              >
            >
          },
          z.core.$strict
        >,
      ],
      'kind'
    >
    base_url: z.ZodString
    binding: z.ZodObject<
      {
        handle: z.ZodPipe<
          z.ZodString,
          z.ZodTransform<import('./connection-handle.ts').ConnectionHandle, string>
        >
        owner: z.ZodString
        provider: z.ZodString
        allowed_hosts: z.ZodArray<z.ZodString>
        upload_nonce: z.ZodString
        created_at: z.ZodInt
        pins: z.ZodObject<
          {
            methods: z.ZodOptional<
              z.ZodArray<
                z.ZodEnum<{
                  '*': '*'
                  DELETE: 'DELETE'
                  GET: 'GET'
                  PATCH: 'PATCH'
                  POST: 'POST'
                  PUT: 'PUT'
                }>
              >
            >
            paths: z.ZodOptional<z.ZodArray<z.ZodString>>
            resources: z.ZodOptional<z.ZodArray<z.ZodString>>
            dpop_jkts: z.ZodOptional<z.ZodArray<z.ZodString>>
          },
          z.core.$strict
        >
      },
      z.core.$strict
    >
    fields: z.ZodArray<
      z.ZodObject<
        {
          name: z.ZodString
          length: z.ZodInt
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
export type EnvelopeHeader = z.infer<typeof headerSchema>
export type EnvelopeBinding = z.infer<typeof envelopeBindingSchema>
/** A credential with its binding, before sealing or after opening. */
export interface CredentialEnvelope {
  readonly header: EnvelopeHeader
  /** Secret bytes by field name. After decoding these are views into the decoded buffer. */
  readonly secrets: Readonly<Record<string, Uint8Array>>
}
/** Largest encoded envelope, in bytes. */
export declare const maxEnvelopeBytes = 65536
/**
 * The bytes that are sealed: `"HFE1" | u32 header length | canonical JSON header | secret bytes`.
 *
 * Secrets stand outside the JSON so that the enclave never has to turn them into strings, which
 * JavaScript cannot wipe.
 *
 * @throws ProtocolError `INVALID_ENVELOPE` when a secret field is missing, empty or holds CR, LF or NUL
 */
export declare function encodeEnvelope(input: {
  readonly header: Omit<EnvelopeHeader, 'v' | 'fields'>
  readonly secrets: Readonly<Record<string, Uint8Array>>
}): Uint8Array<ArrayBuffer>
/**
 * Reads what {@link encodeEnvelope} wrote. The returned secrets are views, not copies.
 *
 * @throws ProtocolError `INVALID_ENVELOPE`
 */
export declare function decodeEnvelope(bytes: Uint8Array): CredentialEnvelope
/**
 * Cuts the secrets out of an encoded envelope that was decoded before. The secrets are views.
 *
 * @param header - what {@link decodeEnvelope} read from these very bytes
 */
export declare function envelopeSecrets(
  bytes: Uint8Array,
  header: EnvelopeHeader,
): CredentialEnvelope['secrets']
export {}

// ── credential-hmac.d.ts
import { z } from 'zod'
/** What a string to sign may be made of. */
export declare const hmacSlots: readonly [
  'method',
  'host',
  'path',
  'query',
  'target',
  'body',
  'body_sha256',
  'body_sha256_base64',
  'timestamp',
  'nonce',
  'key_id',
]
declare const place: z.ZodDiscriminatedUnion<
  [
    z.ZodObject<
      {
        in: z.ZodLiteral<'header'>
        name: z.ZodString
        template: z.ZodOptional<z.ZodString>
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        in: z.ZodLiteral<'query'>
        name: z.ZodString
        template: z.ZodOptional<z.ZodString>
      },
      z.core.$strict
    >,
  ],
  'in'
>
/** Where a part of a signature goes. `template` has the part itself as its slot. */
export type SignaturePlace = z.infer<typeof place>
/** How a request is signed with a shared secret. Secret fields: `secret`, and `key_id` where it is used. */
export declare const hmacKindSchema: z.ZodObject<
  {
    kind: z.ZodLiteral<'hmac'>
    algorithm: z.ZodEnum<{
      'sha1-legacy': 'sha1-legacy'
      sha256: 'sha256'
      sha512: 'sha512'
    }>
    encoding: z.ZodEnum<{
      base64: 'base64'
      base64url: 'base64url'
      hex: 'hex'
    }>
    key_encoding: z.ZodOptional<
      z.ZodEnum<{
        base64: 'base64'
        hex: 'hex'
        text: 'text'
      }>
    >
    string_to_sign: z.ZodString
    signature: z.ZodDiscriminatedUnion<
      [
        z.ZodObject<
          {
            in: z.ZodLiteral<'header'>
            name: z.ZodString
            template: z.ZodOptional<z.ZodString>
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            in: z.ZodLiteral<'query'>
            name: z.ZodString
            template: z.ZodOptional<z.ZodString>
          },
          z.core.$strict
        >,
      ],
      'in'
    >
    timestamp: z.ZodOptional<
      z.ZodDiscriminatedUnion<
        [
          z.ZodObject<
            {
              in: z.ZodLiteral<'header'>
              name: z.ZodString
              template: z.ZodOptional<z.ZodString>
            },
            z.core.$strict
          >,
          z.ZodObject<
            {
              in: z.ZodLiteral<'query'>
              name: z.ZodString
              template: z.ZodOptional<z.ZodString>
            },
            z.core.$strict
          >,
        ],
        'in'
      >
    >
    timestamp_format: z.ZodOptional<
      z.ZodEnum<{
        http_date: 'http_date'
        iso8601: 'iso8601'
        unix: 'unix'
        unix_ms: 'unix_ms'
      }>
    >
    nonce: z.ZodOptional<
      z.ZodDiscriminatedUnion<
        [
          z.ZodObject<
            {
              in: z.ZodLiteral<'header'>
              name: z.ZodString
              template: z.ZodOptional<z.ZodString>
            },
            z.core.$strict
          >,
          z.ZodObject<
            {
              in: z.ZodLiteral<'query'>
              name: z.ZodString
              template: z.ZodOptional<z.ZodString>
            },
            z.core.$strict
          >,
        ],
        'in'
      >
    >
    key_id: z.ZodOptional<
      z.ZodDiscriminatedUnion<
        [
          z.ZodObject<
            {
              in: z.ZodLiteral<'header'>
              name: z.ZodString
              template: z.ZodOptional<z.ZodString>
            },
            z.core.$strict
          >,
          z.ZodObject<
            {
              in: z.ZodLiteral<'query'>
              name: z.ZodString
              template: z.ZodOptional<z.ZodString>
            },
            z.core.$strict
          >,
        ],
        'in'
      >
    >
  },
  z.core.$strict
>
type HmacKind = z.infer<typeof hmacKindSchema>
/** Tells whether an HMAC credential has a `key_id`. */
export declare function usesKeyId(kind: HmacKind): boolean
export {}

// ── credential-kind.d.ts
import { z } from 'zod'
import { type Injection } from './credential-place.ts'
/** The credential kinds and how each is injected; the secret fields each needs are in {@link secretFieldsOf}. */
export declare const credentialKindSchema: z.ZodDiscriminatedUnion<
  [
    z.ZodDiscriminatedUnion<
      [
        z.ZodObject<
          {
            kind: z.ZodLiteral<'api_key'>
            in: z.ZodOptional<z.ZodLiteral<'header'>>
            header_name: z.ZodString
            header_template: z.ZodString
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'api_key'>
            in: z.ZodEnum<{
              cookie: 'cookie'
              query: 'query'
            }>
            name: z.ZodString
            template: z.ZodOptional<z.ZodString>
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'api_key'>
            in: z.ZodLiteral<'path'>
            template: z.ZodString
            segment: z.ZodOptional<z.ZodInt>
          },
          z.core.$strict
        >,
        z.ZodObject<
          {
            kind: z.ZodLiteral<'api_key'>
            in: z.ZodLiteral<'body'>
            format: z.ZodEnum<{
              form: 'form'
              json: 'json'
            }>
            name: z.ZodString
            template: z.ZodOptional<z.ZodString>
          },
          z.core.$strict
        >,
      ],
      'in'
    >,
    z.ZodObject<
      {
        kind: z.ZodLiteral<'bearer'>
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        kind: z.ZodLiteral<'basic'>
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        kind: z.ZodLiteral<'fields'>
        fields: z.ZodArray<z.ZodString>
        inject: z.ZodArray<
          z.ZodDiscriminatedUnion<
            [
              z.ZodObject<
                {
                  in: z.ZodLiteral<'header'>
                  name: z.ZodString
                  template: z.ZodString
                },
                z.core.$strict
              >,
              z.ZodObject<
                {
                  in: z.ZodLiteral<'query'>
                  name: z.ZodString
                  template: z.ZodString
                },
                z.core.$strict
              >,
              z.ZodObject<
                {
                  in: z.ZodLiteral<'cookie'>
                  name: z.ZodString
                  template: z.ZodString
                },
                z.core.$strict
              >,
              z.ZodObject<
                {
                  in: z.ZodLiteral<'path'>
                  template: z.ZodString
                  segment: z.ZodOptional<z.ZodInt>
                },
                z.core.$strict
              >,
              z.ZodObject<
                {
                  in: z.ZodLiteral<'body'>
                  format: z.ZodEnum<{
                    form: 'form'
                    json: 'json'
                  }>
                  name: z.ZodString
                  template: z.ZodString
                },
                z.core.$strict
              >,
            ],
            'in'
          >
        >
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        kind: z.ZodLiteral<'hmac'>
        algorithm: z.ZodEnum<{
          'sha1-legacy': 'sha1-legacy'
          sha256: 'sha256'
          sha512: 'sha512'
        }>
        encoding: z.ZodEnum<{
          base64: 'base64'
          base64url: 'base64url'
          hex: 'hex'
        }>
        key_encoding: z.ZodOptional<
          z.ZodEnum<{
            base64: 'base64'
            hex: 'hex'
            text: 'text'
          }>
        >
        string_to_sign: z.ZodString
        signature: z.ZodDiscriminatedUnion<
          [
            z.ZodObject<
              {
                in: z.ZodLiteral<'header'>
                name: z.ZodString
                template: z.ZodOptional<z.ZodString>
              },
              z.core.$strict
            >,
            z.ZodObject<
              {
                in: z.ZodLiteral<'query'>
                name: z.ZodString
                template: z.ZodOptional<z.ZodString>
              },
              z.core.$strict
            >,
          ],
          'in'
        >
        timestamp: z.ZodOptional<
          z.ZodDiscriminatedUnion<
            [
              z.ZodObject<
                {
                  in: z.ZodLiteral<'header'>
                  name: z.ZodString
                  template: z.ZodOptional<z.ZodString>
                },
                z.core.$strict
              >,
              z.ZodObject<
                {
                  in: z.ZodLiteral<'query'>
                  name: z.ZodString
                  template: z.ZodOptional<z.ZodString>
                },
                z.core.$strict
              >,
            ],
            'in'
          >
        >
        timestamp_format: z.ZodOptional<
          z.ZodEnum<{
            http_date: 'http_date'
            iso8601: 'iso8601'
            unix: 'unix'
            unix_ms: 'unix_ms'
          }>
        >
        nonce: z.ZodOptional<
          z.ZodDiscriminatedUnion<
            [
              z.ZodObject<
                {
                  in: z.ZodLiteral<'header'>
                  name: z.ZodString
                  template: z.ZodOptional<z.ZodString>
                },
                z.core.$strict
              >,
              z.ZodObject<
                {
                  in: z.ZodLiteral<'query'>
                  name: z.ZodString
                  template: z.ZodOptional<z.ZodString>
                },
                z.core.$strict
              >,
            ],
            'in'
          >
        >
        key_id: z.ZodOptional<
          z.ZodDiscriminatedUnion<
            [
              z.ZodObject<
                {
                  in: z.ZodLiteral<'header'>
                  name: z.ZodString
                  template: z.ZodOptional<z.ZodString>
                },
                z.core.$strict
              >,
              z.ZodObject<
                {
                  in: z.ZodLiteral<'query'>
                  name: z.ZodString
                  template: z.ZodOptional<z.ZodString>
                },
                z.core.$strict
              >,
            ],
            'in'
          >
        >
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        kind: z.ZodLiteral<'aws_sigv4'>
        region: z.ZodString
        service: z.ZodString
        payload: z.ZodOptional<
          z.ZodEnum<{
            chunked: 'chunked'
            signed: 'signed'
            unsigned: 'unsigned'
          }>
        >
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        kind: z.ZodLiteral<'mtls'>
        fields: z.ZodOptional<z.ZodArray<z.ZodString>>
        inject: z.ZodOptional<
          z.ZodArray<
            z.ZodDiscriminatedUnion<
              [
                z.ZodObject<
                  {
                    in: z.ZodLiteral<'header'>
                    name: z.ZodString
                    template: z.ZodString
                  },
                  z.core.$strict
                >,
                z.ZodObject<
                  {
                    in: z.ZodLiteral<'query'>
                    name: z.ZodString
                    template: z.ZodString
                  },
                  z.core.$strict
                >,
                z.ZodObject<
                  {
                    in: z.ZodLiteral<'cookie'>
                    name: z.ZodString
                    template: z.ZodString
                  },
                  z.core.$strict
                >,
                z.ZodObject<
                  {
                    in: z.ZodLiteral<'path'>
                    template: z.ZodString
                    segment: z.ZodOptional<z.ZodInt>
                  },
                  z.core.$strict
                >,
                z.ZodObject<
                  {
                    in: z.ZodLiteral<'body'>
                    format: z.ZodEnum<{
                      form: 'form'
                      json: 'json'
                    }>
                    name: z.ZodString
                    template: z.ZodString
                  },
                  z.core.$strict
                >,
              ],
              'in'
            >
          >
        >
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        revocation_endpoint: z.ZodOptional<z.ZodString>
        revocation_request: z.ZodOptional<
          z.ZodObject<
            {
              method: z.ZodEnum<{
                DELETE: 'DELETE'
                POST: 'POST'
              }>
              url: z.ZodString
              token: z.ZodOptional<
                z.ZodEnum<{
                  access_token: 'access_token'
                  refresh_token: 'refresh_token'
                }>
              >
              authentication: z.ZodEnum<{
                client: 'client'
                none: 'none'
                token: 'token'
              }>
              headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
              body: z.ZodOptional<
                z.ZodObject<
                  {
                    format: z.ZodEnum<{
                      form: 'form'
                      json: 'json'
                    }>
                    fields: z.ZodRecord<z.ZodString, z.ZodString>
                  },
                  z.core.$strict
                >
              >
              gone: z.ZodOptional<
                z.ZodObject<
                  {
                    statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                    errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                  },
                  z.core.$strict
                >
              >
            },
            z.core.$strict
          >
        >
        kind: z.ZodLiteral<'oauth2_app'>
        client_id: z.ZodString
        authorization_endpoint: z.ZodString
        token_endpoint: z.ZodString
        refresh_gone: z.ZodOptional<
          z.ZodObject<
            {
              statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
              errors: z.ZodOptional<z.ZodArray<z.ZodString>>
            },
            z.core.$strict
          >
        >
        issuer: z.ZodOptional<z.ZodString>
        issuer_in_response: z.ZodOptional<z.ZodBoolean>
        token_endpoint_auth_method: z.ZodEnum<{
          client_secret_basic: 'client_secret_basic'
          client_secret_post: 'client_secret_post'
          none: 'none'
        }>
        scopes: z.ZodArray<z.ZodString>
        scope_separator: z.ZodOptional<
          z.ZodEnum<{
            ' ': ' '
            ',': ','
          }>
        >
        authorization_parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
        header: z.ZodOptional<
          z.ZodObject<
            {
              name: z.ZodString
              template: z.ZodString
            },
            z.core.$strict
          >
        >
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        kind: z.ZodLiteral<'oauth2'>
        app: z.ZodPipe<
          z.ZodString,
          z.ZodTransform<import('./connection-handle.ts').ConnectionHandle, string>
        >
        client_id: z.ZodString
        token_endpoint: z.ZodString
        header: z.ZodOptional<
          z.ZodObject<
            {
              name: z.ZodString
              template: z.ZodString
            },
            z.core.$strict
          >
        >
        issued: z.ZodOptional<
          z.ZodObject<
            {
              generation: z.ZodString
              expires_at_ms: z.ZodNullable<z.ZodInt>
              scopes: z.ZodArray<z.ZodString>
            },
            z.core.$strict
          >
        >
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        revocation_endpoint: z.ZodOptional<z.ZodString>
        revocation_request: z.ZodOptional<
          z.ZodObject<
            {
              method: z.ZodEnum<{
                DELETE: 'DELETE'
                POST: 'POST'
              }>
              url: z.ZodString
              token: z.ZodOptional<
                z.ZodEnum<{
                  access_token: 'access_token'
                  refresh_token: 'refresh_token'
                }>
              >
              authentication: z.ZodEnum<{
                client: 'client'
                none: 'none'
                token: 'token'
              }>
              headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
              body: z.ZodOptional<
                z.ZodObject<
                  {
                    format: z.ZodEnum<{
                      form: 'form'
                      json: 'json'
                    }>
                    fields: z.ZodRecord<z.ZodString, z.ZodString>
                  },
                  z.core.$strict
                >
              >
              gone: z.ZodOptional<
                z.ZodObject<
                  {
                    statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                    errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                  },
                  z.core.$strict
                >
              >
            },
            z.core.$strict
          >
        >
        kind: z.ZodLiteral<'oauth2_client_credentials'>
        client_id: z.ZodString
        token_endpoint: z.ZodString
        token_endpoint_auth_method: z.ZodEnum<{
          client_secret_basic: 'client_secret_basic'
          client_secret_post: 'client_secret_post'
        }>
        scopes: z.ZodOptional<z.ZodArray<z.ZodString>>
        parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
        header: z.ZodOptional<
          z.ZodObject<
            {
              name: z.ZodString
              template: z.ZodString
            },
            z.core.$strict
          >
        >
        issued: z.ZodOptional<
          z.ZodObject<
            {
              generation: z.ZodString
              expires_at_ms: z.ZodNullable<z.ZodInt>
              scopes: z.ZodArray<z.ZodString>
            },
            z.core.$strict
          >
        >
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        revocation_endpoint: z.ZodOptional<z.ZodString>
        revocation_request: z.ZodOptional<
          z.ZodObject<
            {
              method: z.ZodEnum<{
                DELETE: 'DELETE'
                POST: 'POST'
              }>
              url: z.ZodString
              token: z.ZodOptional<
                z.ZodEnum<{
                  access_token: 'access_token'
                  refresh_token: 'refresh_token'
                }>
              >
              authentication: z.ZodEnum<{
                client: 'client'
                none: 'none'
                token: 'token'
              }>
              headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
              body: z.ZodOptional<
                z.ZodObject<
                  {
                    format: z.ZodEnum<{
                      form: 'form'
                      json: 'json'
                    }>
                    fields: z.ZodRecord<z.ZodString, z.ZodString>
                  },
                  z.core.$strict
                >
              >
              gone: z.ZodOptional<
                z.ZodObject<
                  {
                    statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                    errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                  },
                  z.core.$strict
                >
              >
            },
            z.core.$strict
          >
        >
        kind: z.ZodLiteral<'jwt_bearer'>
        token_endpoint: z.ZodString
        issuer: z.ZodString
        subject: z.ZodOptional<z.ZodString>
        audience: z.ZodOptional<z.ZodString>
        algorithm: z.ZodEnum<{
          ES256: 'ES256'
          RS256: 'RS256'
        }>
        key_id: z.ZodOptional<z.ZodString>
        scopes: z.ZodOptional<z.ZodArray<z.ZodString>>
        scopes_in: z.ZodOptional<
          z.ZodEnum<{
            assertion: 'assertion'
            request: 'request'
          }>
        >
        parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
        header: z.ZodOptional<
          z.ZodObject<
            {
              name: z.ZodString
              template: z.ZodString
            },
            z.core.$strict
          >
        >
        issued: z.ZodOptional<
          z.ZodObject<
            {
              generation: z.ZodString
              expires_at_ms: z.ZodNullable<z.ZodInt>
              scopes: z.ZodArray<z.ZodString>
            },
            z.core.$strict
          >
        >
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        kind: z.ZodLiteral<'github_app'>
        api_url: z.ZodString
        app_id: z.ZodString
        installation_id: z.ZodString
        repositories: z.ZodOptional<z.ZodArray<z.ZodString>>
        permissions: z.ZodOptional<
          z.ZodRecord<
            z.ZodString,
            z.ZodEnum<{
              admin: 'admin'
              read: 'read'
              write: 'write'
            }>
          >
        >
        issued: z.ZodOptional<
          z.ZodObject<
            {
              generation: z.ZodString
              expires_at_ms: z.ZodNullable<z.ZodInt>
              scopes: z.ZodArray<z.ZodString>
            },
            z.core.$strict
          >
        >
      },
      z.core.$strict
    >,
  ],
  'kind'
>
/** How a credential is injected, without any secret. */
export type CredentialKind = z.infer<typeof credentialKindSchema>
/** The secret fields of a credential, in their order in the envelope: required ones first. */
export interface SecretFields {
  readonly required: readonly string[]
  readonly optional: readonly string[]
  /** Those that may hold line breaks, such as PEM. */
  readonly multiline?: readonly string[]
}
/** Secret fields of each kind. Those that a credential names itself are added by {@link secretFieldsOf}. */
export declare const credentialFields: {
  readonly [Kind in CredentialKind['kind']]: SecretFields
}
/** The secret fields that a credential needs and may have. */
export declare function secretFieldsOf(credential: CredentialKind): SecretFields
/** Where an API key goes, said as the injections of {@link Injection}. */
export declare function apiKeyInjection(
  kind: Extract<
    CredentialKind,
    {
      kind: 'api_key'
    }
  >,
): Injection

// ── credential-place.d.ts
import { z } from 'zod'
/** A header or cookie name. @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2} */
export declare const tokenName: z.ZodString
/** Name of a query parameter or body field; without brackets, which some servers read as nesting. */
export declare const parameterName: z.ZodString
/** Name of a secret field that the sealer chose. */
export declare const secretFieldName: z.ZodString
/** Text with `{slot}`s. */
export declare const templateText: z.ZodString
/** Whole segments such as `/bot{token}`; or one without a slash, where a segment of the caller is replaced. */
export declare function isPathTemplate(template: string, segment: number | undefined): boolean
/** Why a path template is refused. */
export declare const pathTemplateMessage =
  'a path template is made of whole segments, such as /bot{token}; with a segment number it is that segment, such as {token}'
/** Which segment of the caller's path is replaced, counted from 1. */
export declare const segmentNumber: z.ZodInt
/** How the body that gets a field is written. */
export declare const bodyFormat: z.ZodEnum<{
  form: 'form'
  json: 'json'
}>
/**
 * Where a value made of secret fields goes in a request.
 *
 * A place in the path is either put between the base URL and the caller's path, or, with `segment`,
 * replaces that segment of the caller's path, which must be the template itself: the caller sees where
 * the secret goes and cannot choose it.
 */
export declare const injectionSchema: z.ZodDiscriminatedUnion<
  [
    z.ZodObject<
      {
        in: z.ZodLiteral<'header'>
        name: z.ZodString
        template: z.ZodString
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        in: z.ZodLiteral<'query'>
        name: z.ZodString
        template: z.ZodString
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        in: z.ZodLiteral<'cookie'>
        name: z.ZodString
        template: z.ZodString
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        in: z.ZodLiteral<'path'>
        template: z.ZodString
        segment: z.ZodOptional<z.ZodInt>
      },
      z.core.$strict
    >,
    z.ZodObject<
      {
        in: z.ZodLiteral<'body'>
        format: z.ZodEnum<{
          form: 'form'
          json: 'json'
        }>
        name: z.ZodString
        template: z.ZodString
      },
      z.core.$strict
    >,
  ],
  'in'
>
/** Where a value made of secret fields goes in a request. */
export type Injection = z.infer<typeof injectionSchema>
/** Several injections over several secret fields, as far as one can be checked without the other. */
export declare const injectionsSchema: z.ZodArray<
  z.ZodDiscriminatedUnion<
    [
      z.ZodObject<
        {
          in: z.ZodLiteral<'header'>
          name: z.ZodString
          template: z.ZodString
        },
        z.core.$strict
      >,
      z.ZodObject<
        {
          in: z.ZodLiteral<'query'>
          name: z.ZodString
          template: z.ZodString
        },
        z.core.$strict
      >,
      z.ZodObject<
        {
          in: z.ZodLiteral<'cookie'>
          name: z.ZodString
          template: z.ZodString
        },
        z.core.$strict
      >,
      z.ZodObject<
        {
          in: z.ZodLiteral<'path'>
          template: z.ZodString
          segment: z.ZodOptional<z.ZodInt>
        },
        z.core.$strict
      >,
      z.ZodObject<
        {
          in: z.ZodLiteral<'body'>
          format: z.ZodEnum<{
            form: 'form'
            json: 'json'
          }>
          name: z.ZodString
          template: z.ZodString
        },
        z.core.$strict
      >,
    ],
    'in'
  >
>
/** Names of secret fields, each once. */
export declare const secretFieldNames: z.ZodArray<z.ZodString>
/** What is wrong with injections over the given fields; `undefined` when nothing is. */
export declare function injectionFault(
  fields: readonly string[],
  injections: readonly Injection[],
): string | undefined

// ── credential-revocation.d.ts
import { z } from 'zod'
/** What a request for revocation may be made of. */
export declare const revocationSlots: readonly ['token', 'client_id', 'client_secret']
/** Answers that say that a token is over or dead. */
export declare const goneAnswersSchema: z.ZodObject<
  {
    statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
    errors: z.ZodOptional<z.ZodArray<z.ZodString>>
  },
  z.core.$strict
>
/** Answers that say that a token is over or dead. */
export type GoneAnswers = z.infer<typeof goneAnswersSchema>
/** The form of {@link RevocationRequest} with URLs of another form, such as a catalog's with variables. */
export declare const revocationRequestOf: <Url extends z.ZodType<string>>(
  url: Url,
) => z.ZodObject<
  {
    method: z.ZodEnum<{
      DELETE: 'DELETE'
      POST: 'POST'
    }>
    url: Url
    token: z.ZodOptional<
      z.ZodEnum<{
        access_token: 'access_token'
        refresh_token: 'refresh_token'
      }>
    >
    authentication: z.ZodEnum<{
      client: 'client'
      none: 'none'
      token: 'token'
    }>
    headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
    body: z.ZodOptional<
      z.ZodObject<
        {
          format: z.ZodEnum<{
            form: 'form'
            json: 'json'
          }>
          fields: z.ZodRecord<z.ZodString, z.ZodString>
        },
        z.core.$strict
      >
    >
    gone: z.ZodOptional<
      z.ZodObject<
        {
          statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
          errors: z.ZodOptional<z.ZodArray<z.ZodString>>
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
/**
 * The request that ends tokens at a provider that does not speak RFC 7009. The token goes where a
 * template says `{token}`; with `authentication: token` it is sent as bearer token as well.
 */
export declare const revocationRequestSchema: z.ZodObject<
  {
    method: z.ZodEnum<{
      DELETE: 'DELETE'
      POST: 'POST'
    }>
    url: z.ZodString
    token: z.ZodOptional<
      z.ZodEnum<{
        access_token: 'access_token'
        refresh_token: 'refresh_token'
      }>
    >
    authentication: z.ZodEnum<{
      client: 'client'
      none: 'none'
      token: 'token'
    }>
    headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
    body: z.ZodOptional<
      z.ZodObject<
        {
          format: z.ZodEnum<{
            form: 'form'
            json: 'json'
          }>
          fields: z.ZodRecord<z.ZodString, z.ZodString>
        },
        z.core.$strict
      >
    >
    gone: z.ZodOptional<
      z.ZodObject<
        {
          statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
          errors: z.ZodOptional<z.ZodArray<z.ZodString>>
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
/** How a provider ends tokens that does not speak RFC 7009. */
export type RevocationRequest = z.infer<typeof revocationRequestSchema>

// ── credential-template.d.ts
/** A piece of a template: text that stands as it is, or a slot that a value fills. */
export type TemplatePart =
  | {
      readonly text: string
    }
  | {
      readonly slot: string
    }
/** Cuts a template at those `{slot}`s that have one of the given names; other braces are text. */
export declare function parseTemplate(template: string, slots: readonly string[]): TemplatePart[]
/** Names of all `{slot}`s that a template seems to have. */
export declare function templateSlots(template: string): string[]

// ── credential-token.d.ts
import { z } from 'zod'
/** What the enclave wrote down of the token it got last. Never sealed by a client. */
export declare const issuedTokenSchema: z.ZodObject<
  {
    generation: z.ZodString
    expires_at_ms: z.ZodNullable<z.ZodInt>
    scopes: z.ZodArray<z.ZodString>
  },
  z.core.$strict
>
/** What the enclave wrote down of the token it got last. */
export type IssuedToken = z.infer<typeof issuedTokenSchema>
/** An operator's OAuth client at a provider: what connections are authorized with, never dispatched. */
declare const appSchema: z.ZodObject<
  {
    revocation_endpoint: z.ZodOptional<z.ZodString>
    revocation_request: z.ZodOptional<
      z.ZodObject<
        {
          method: z.ZodEnum<{
            DELETE: 'DELETE'
            POST: 'POST'
          }>
          url: z.ZodString
          token: z.ZodOptional<
            z.ZodEnum<{
              access_token: 'access_token'
              refresh_token: 'refresh_token'
            }>
          >
          authentication: z.ZodEnum<{
            client: 'client'
            none: 'none'
            token: 'token'
          }>
          headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
          body: z.ZodOptional<
            z.ZodObject<
              {
                format: z.ZodEnum<{
                  form: 'form'
                  json: 'json'
                }>
                fields: z.ZodRecord<z.ZodString, z.ZodString>
              },
              z.core.$strict
            >
          >
          gone: z.ZodOptional<
            z.ZodObject<
              {
                statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                errors: z.ZodOptional<z.ZodArray<z.ZodString>>
              },
              z.core.$strict
            >
          >
        },
        z.core.$strict
      >
    >
    kind: z.ZodLiteral<'oauth2_app'>
    client_id: z.ZodString
    authorization_endpoint: z.ZodString
    token_endpoint: z.ZodString
    refresh_gone: z.ZodOptional<
      z.ZodObject<
        {
          statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
          errors: z.ZodOptional<z.ZodArray<z.ZodString>>
        },
        z.core.$strict
      >
    >
    issuer: z.ZodOptional<z.ZodString>
    issuer_in_response: z.ZodOptional<z.ZodBoolean>
    token_endpoint_auth_method: z.ZodEnum<{
      client_secret_basic: 'client_secret_basic'
      client_secret_post: 'client_secret_post'
      none: 'none'
    }>
    scopes: z.ZodArray<z.ZodString>
    scope_separator: z.ZodOptional<
      z.ZodEnum<{
        ' ': ' '
        ',': ','
      }>
    >
    authorization_parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
    header: z.ZodOptional<
      z.ZodObject<
        {
          name: z.ZodString
          template: z.ZodString
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
/** A connection that a person authorized at the provider; made by the enclave alone. */
declare const oauth2Schema: z.ZodObject<
  {
    kind: z.ZodLiteral<'oauth2'>
    app: z.ZodPipe<
      z.ZodString,
      z.ZodTransform<import('./connection-handle.ts').ConnectionHandle, string>
    >
    client_id: z.ZodString
    token_endpoint: z.ZodString
    header: z.ZodOptional<
      z.ZodObject<
        {
          name: z.ZodString
          template: z.ZodString
        },
        z.core.$strict
      >
    >
    issued: z.ZodOptional<
      z.ZodObject<
        {
          generation: z.ZodString
          expires_at_ms: z.ZodNullable<z.ZodInt>
          scopes: z.ZodArray<z.ZodString>
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
declare const clientCredentialsSchema: z.ZodObject<
  {
    revocation_endpoint: z.ZodOptional<z.ZodString>
    revocation_request: z.ZodOptional<
      z.ZodObject<
        {
          method: z.ZodEnum<{
            DELETE: 'DELETE'
            POST: 'POST'
          }>
          url: z.ZodString
          token: z.ZodOptional<
            z.ZodEnum<{
              access_token: 'access_token'
              refresh_token: 'refresh_token'
            }>
          >
          authentication: z.ZodEnum<{
            client: 'client'
            none: 'none'
            token: 'token'
          }>
          headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
          body: z.ZodOptional<
            z.ZodObject<
              {
                format: z.ZodEnum<{
                  form: 'form'
                  json: 'json'
                }>
                fields: z.ZodRecord<z.ZodString, z.ZodString>
              },
              z.core.$strict
            >
          >
          gone: z.ZodOptional<
            z.ZodObject<
              {
                statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                errors: z.ZodOptional<z.ZodArray<z.ZodString>>
              },
              z.core.$strict
            >
          >
        },
        z.core.$strict
      >
    >
    kind: z.ZodLiteral<'oauth2_client_credentials'>
    client_id: z.ZodString
    token_endpoint: z.ZodString
    token_endpoint_auth_method: z.ZodEnum<{
      client_secret_basic: 'client_secret_basic'
      client_secret_post: 'client_secret_post'
    }>
    scopes: z.ZodOptional<z.ZodArray<z.ZodString>>
    parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
    header: z.ZodOptional<
      z.ZodObject<
        {
          name: z.ZodString
          template: z.ZodString
        },
        z.core.$strict
      >
    >
    issued: z.ZodOptional<
      z.ZodObject<
        {
          generation: z.ZodString
          expires_at_ms: z.ZodNullable<z.ZodInt>
          scopes: z.ZodArray<z.ZodString>
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
/** @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.1} */
declare const jwtBearerSchema: z.ZodObject<
  {
    revocation_endpoint: z.ZodOptional<z.ZodString>
    revocation_request: z.ZodOptional<
      z.ZodObject<
        {
          method: z.ZodEnum<{
            DELETE: 'DELETE'
            POST: 'POST'
          }>
          url: z.ZodString
          token: z.ZodOptional<
            z.ZodEnum<{
              access_token: 'access_token'
              refresh_token: 'refresh_token'
            }>
          >
          authentication: z.ZodEnum<{
            client: 'client'
            none: 'none'
            token: 'token'
          }>
          headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
          body: z.ZodOptional<
            z.ZodObject<
              {
                format: z.ZodEnum<{
                  form: 'form'
                  json: 'json'
                }>
                fields: z.ZodRecord<z.ZodString, z.ZodString>
              },
              z.core.$strict
            >
          >
          gone: z.ZodOptional<
            z.ZodObject<
              {
                statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                errors: z.ZodOptional<z.ZodArray<z.ZodString>>
              },
              z.core.$strict
            >
          >
        },
        z.core.$strict
      >
    >
    kind: z.ZodLiteral<'jwt_bearer'>
    token_endpoint: z.ZodString
    issuer: z.ZodString
    subject: z.ZodOptional<z.ZodString>
    audience: z.ZodOptional<z.ZodString>
    algorithm: z.ZodEnum<{
      ES256: 'ES256'
      RS256: 'RS256'
    }>
    key_id: z.ZodOptional<z.ZodString>
    scopes: z.ZodOptional<z.ZodArray<z.ZodString>>
    scopes_in: z.ZodOptional<
      z.ZodEnum<{
        assertion: 'assertion'
        request: 'request'
      }>
    >
    parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
    header: z.ZodOptional<
      z.ZodObject<
        {
          name: z.ZodString
          template: z.ZodString
        },
        z.core.$strict
      >
    >
    issued: z.ZodOptional<
      z.ZodObject<
        {
          generation: z.ZodString
          expires_at_ms: z.ZodNullable<z.ZodInt>
          scopes: z.ZodArray<z.ZodString>
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
declare const githubAppSchema: z.ZodObject<
  {
    kind: z.ZodLiteral<'github_app'>
    api_url: z.ZodString
    app_id: z.ZodString
    installation_id: z.ZodString
    repositories: z.ZodOptional<z.ZodArray<z.ZodString>>
    permissions: z.ZodOptional<
      z.ZodRecord<
        z.ZodString,
        z.ZodEnum<{
          admin: 'admin'
          read: 'read'
          write: 'write'
        }>
      >
    >
    issued: z.ZodOptional<
      z.ZodObject<
        {
          generation: z.ZodString
          expires_at_ms: z.ZodNullable<z.ZodInt>
          scopes: z.ZodArray<z.ZodString>
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
/** The members of `credentialKindSchema` that hold tokens. */
export declare const tokenKindSchemas: readonly [
  z.ZodObject<
    {
      revocation_endpoint: z.ZodOptional<z.ZodString>
      revocation_request: z.ZodOptional<
        z.ZodObject<
          {
            method: z.ZodEnum<{
              DELETE: 'DELETE'
              POST: 'POST'
            }>
            url: z.ZodString
            token: z.ZodOptional<
              z.ZodEnum<{
                access_token: 'access_token'
                refresh_token: 'refresh_token'
              }>
            >
            authentication: z.ZodEnum<{
              client: 'client'
              none: 'none'
              token: 'token'
            }>
            headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
            body: z.ZodOptional<
              z.ZodObject<
                {
                  format: z.ZodEnum<{
                    form: 'form'
                    json: 'json'
                  }>
                  fields: z.ZodRecord<z.ZodString, z.ZodString>
                },
                z.core.$strict
              >
            >
            gone: z.ZodOptional<
              z.ZodObject<
                {
                  statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                  errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                },
                z.core.$strict
              >
            >
          },
          z.core.$strict
        >
      >
      kind: z.ZodLiteral<'oauth2_app'>
      client_id: z.ZodString
      authorization_endpoint: z.ZodString
      token_endpoint: z.ZodString
      refresh_gone: z.ZodOptional<
        z.ZodObject<
          {
            statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
            errors: z.ZodOptional<z.ZodArray<z.ZodString>>
          },
          z.core.$strict
        >
      >
      issuer: z.ZodOptional<z.ZodString>
      issuer_in_response: z.ZodOptional<z.ZodBoolean>
      token_endpoint_auth_method: z.ZodEnum<{
        client_secret_basic: 'client_secret_basic'
        client_secret_post: 'client_secret_post'
        none: 'none'
      }>
      scopes: z.ZodArray<z.ZodString>
      scope_separator: z.ZodOptional<
        z.ZodEnum<{
          ' ': ' '
          ',': ','
        }>
      >
      authorization_parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
      header: z.ZodOptional<
        z.ZodObject<
          {
            name: z.ZodString
            template: z.ZodString
          },
          z.core.$strict
        >
      >
    },
    z.core.$strict
  >,
  z.ZodObject<
    {
      kind: z.ZodLiteral<'oauth2'>
      app: z.ZodPipe<
        z.ZodString,
        z.ZodTransform<import('./connection-handle.ts').ConnectionHandle, string>
      >
      client_id: z.ZodString
      token_endpoint: z.ZodString
      header: z.ZodOptional<
        z.ZodObject<
          {
            name: z.ZodString
            template: z.ZodString
          },
          z.core.$strict
        >
      >
      issued: z.ZodOptional<
        z.ZodObject<
          {
            generation: z.ZodString
            expires_at_ms: z.ZodNullable<z.ZodInt>
            scopes: z.ZodArray<z.ZodString>
          },
          z.core.$strict
        >
      >
    },
    z.core.$strict
  >,
  z.ZodObject<
    {
      revocation_endpoint: z.ZodOptional<z.ZodString>
      revocation_request: z.ZodOptional<
        z.ZodObject<
          {
            method: z.ZodEnum<{
              DELETE: 'DELETE'
              POST: 'POST'
            }>
            url: z.ZodString
            token: z.ZodOptional<
              z.ZodEnum<{
                access_token: 'access_token'
                refresh_token: 'refresh_token'
              }>
            >
            authentication: z.ZodEnum<{
              client: 'client'
              none: 'none'
              token: 'token'
            }>
            headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
            body: z.ZodOptional<
              z.ZodObject<
                {
                  format: z.ZodEnum<{
                    form: 'form'
                    json: 'json'
                  }>
                  fields: z.ZodRecord<z.ZodString, z.ZodString>
                },
                z.core.$strict
              >
            >
            gone: z.ZodOptional<
              z.ZodObject<
                {
                  statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                  errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                },
                z.core.$strict
              >
            >
          },
          z.core.$strict
        >
      >
      kind: z.ZodLiteral<'oauth2_client_credentials'>
      client_id: z.ZodString
      token_endpoint: z.ZodString
      token_endpoint_auth_method: z.ZodEnum<{
        client_secret_basic: 'client_secret_basic'
        client_secret_post: 'client_secret_post'
      }>
      scopes: z.ZodOptional<z.ZodArray<z.ZodString>>
      parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
      header: z.ZodOptional<
        z.ZodObject<
          {
            name: z.ZodString
            template: z.ZodString
          },
          z.core.$strict
        >
      >
      issued: z.ZodOptional<
        z.ZodObject<
          {
            generation: z.ZodString
            expires_at_ms: z.ZodNullable<z.ZodInt>
            scopes: z.ZodArray<z.ZodString>
          },
          z.core.$strict
        >
      >
    },
    z.core.$strict
  >,
  z.ZodObject<
    {
      revocation_endpoint: z.ZodOptional<z.ZodString>
      revocation_request: z.ZodOptional<
        z.ZodObject<
          {
            method: z.ZodEnum<{
              DELETE: 'DELETE'
              POST: 'POST'
            }>
            url: z.ZodString
            token: z.ZodOptional<
              z.ZodEnum<{
                access_token: 'access_token'
                refresh_token: 'refresh_token'
              }>
            >
            authentication: z.ZodEnum<{
              client: 'client'
              none: 'none'
              token: 'token'
            }>
            headers: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
            body: z.ZodOptional<
              z.ZodObject<
                {
                  format: z.ZodEnum<{
                    form: 'form'
                    json: 'json'
                  }>
                  fields: z.ZodRecord<z.ZodString, z.ZodString>
                },
                z.core.$strict
              >
            >
            gone: z.ZodOptional<
              z.ZodObject<
                {
                  statuses: z.ZodOptional<z.ZodArray<z.ZodInt>>
                  errors: z.ZodOptional<z.ZodArray<z.ZodString>>
                },
                z.core.$strict
              >
            >
          },
          z.core.$strict
        >
      >
      kind: z.ZodLiteral<'jwt_bearer'>
      token_endpoint: z.ZodString
      issuer: z.ZodString
      subject: z.ZodOptional<z.ZodString>
      audience: z.ZodOptional<z.ZodString>
      algorithm: z.ZodEnum<{
        ES256: 'ES256'
        RS256: 'RS256'
      }>
      key_id: z.ZodOptional<z.ZodString>
      scopes: z.ZodOptional<z.ZodArray<z.ZodString>>
      scopes_in: z.ZodOptional<
        z.ZodEnum<{
          assertion: 'assertion'
          request: 'request'
        }>
      >
      parameters: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
      header: z.ZodOptional<
        z.ZodObject<
          {
            name: z.ZodString
            template: z.ZodString
          },
          z.core.$strict
        >
      >
      issued: z.ZodOptional<
        z.ZodObject<
          {
            generation: z.ZodString
            expires_at_ms: z.ZodNullable<z.ZodInt>
            scopes: z.ZodArray<z.ZodString>
          },
          z.core.$strict
        >
      >
    },
    z.core.$strict
  >,
  z.ZodObject<
    {
      kind: z.ZodLiteral<'github_app'>
      api_url: z.ZodString
      app_id: z.ZodString
      installation_id: z.ZodString
      repositories: z.ZodOptional<z.ZodArray<z.ZodString>>
      permissions: z.ZodOptional<
        z.ZodRecord<
          z.ZodString,
          z.ZodEnum<{
            admin: 'admin'
            read: 'read'
            write: 'write'
          }>
        >
      >
      issued: z.ZodOptional<
        z.ZodObject<
          {
            generation: z.ZodString
            expires_at_ms: z.ZodNullable<z.ZodInt>
            scopes: z.ZodArray<z.ZodString>
          },
          z.core.$strict
        >
      >
    },
    z.core.$strict
  >,
]
export type OAuthApp = z.infer<typeof appSchema>
/** A credential whose access token expires and is renewed in the enclave. */
export type TokenKind =
  | z.infer<typeof oauth2Schema>
  | z.infer<typeof clientCredentialsSchema>
  | z.infer<typeof jwtBearerSchema>
  | z.infer<typeof githubAppSchema>
/** Kinds of {@link TokenKind} that need nobody to sign in: the first call gets their first token. */
export declare const mintingKinds: readonly TokenKind['kind'][]
/** Tells whether a credential's access token is renewed in the enclave. */
export declare function isTokenKind<
  Kind extends {
    readonly kind: string
  },
>(credential: Kind): credential is Extract<Kind, TokenKind>
/** Secret fields that a client seals, but for `oauth2`, which the enclave makes. */
export declare const tokenSecretFields: {
  readonly oauth2_app: {
    readonly required: readonly []
    readonly optional: readonly ['client_secret']
  }
  readonly oauth2: {
    readonly required: readonly ['access_token']
    readonly optional: readonly ['refresh_token']
  }
  readonly oauth2_client_credentials: {
    readonly required: readonly ['client_secret']
    readonly optional: readonly []
  }
  readonly jwt_bearer: {
    readonly required: readonly ['private_key']
    readonly optional: readonly []
    readonly multiline: readonly ['private_key']
  }
  readonly github_app: {
    readonly required: readonly ['private_key']
    readonly optional: readonly []
    readonly multiline: readonly ['private_key']
  }
}
export {}

// ── credential.d.ts
/**
 * How credentials are described, without any secret and without the cryptography that seals them.
 *
 * @module
 */
export {
  type CredentialKind,
  credentialFields,
  credentialKindSchema,
  secretFieldsOf,
} from './credential-kind.ts'
export { headerForm, isCredentialHeader, isUpstreamOwnHeader } from './upstream-headers.ts'
export { parseBaseUrl } from './upstream-host.ts'

// ── deep-freeze.d.ts
/** Freezes a value of plain objects and arrays with everything in it. */
export declare function deepFreeze<Value>(value: Value): Value
/** Tells whether nothing in the value can change any more. */
export declare function isDeepFrozen(value: unknown): boolean

// ── dispatch.d.ts
import { z } from 'zod'
import { type ConnectionHandle } from './connection-handle.ts'
import { dispatchMethods } from './policy.ts'
/** Every code that a failed dispatch can carry, with whether the same call may succeed later. */
export declare const dispatchErrors: {
  readonly CONNECTION_NOT_FOUND: {
    readonly retryable: false
  }
  readonly CONNECTION_REVOKED: {
    readonly retryable: false
  }
  readonly CONNECTION_SUSPENDED: {
    readonly retryable: false
  }
  readonly ORG_MISMATCH: {
    readonly retryable: false
  }
  readonly DECRYPTION_FAILED: {
    readonly retryable: false
  }
  readonly INVALID_REQUEST: {
    readonly retryable: false
  }
  readonly BAD_REQUEST: {
    readonly retryable: false
  }
  readonly DOWNSTREAM_TIMEOUT: {
    readonly retryable: true
  }
  readonly DOWNSTREAM_UNREACHABLE: {
    readonly retryable: true
  }
  readonly DOWNSTREAM_TLS_ERROR: {
    readonly retryable: false
  }
  readonly DOWNSTREAM_AUTH_FAILURE: {
    readonly retryable: false
  }
  readonly DOWNSTREAM_RATE_LIMITED: {
    readonly retryable: true
  }
  readonly ENCLAVE_UNAVAILABLE: {
    readonly retryable: true
  }
}
export type DispatchErrorCode = keyof typeof dispatchErrors
/** All {@link DispatchErrorCode} values. */
export declare const dispatchErrorCodes: readonly DispatchErrorCode[]
/** A JSON value that fits the wire form's `body`: what a tool sends or an upstream returned. */
export type DispatchBody =
  | {
      readonly [key: string]: unknown
    }
  | readonly unknown[]
  | string
  | null
/** The HTTP request that the enclave is asked to make. */
export interface HttpRequest {
  readonly method: (typeof dispatchMethods)[number]
  /** Path with query below the credential's base URL; sent as it is. */
  readonly path: string
  readonly body?: DispatchBody | undefined
  readonly headers?: Readonly<Record<string, string>> | null | undefined
  /** Time allowed for the whole call, 1000 to 300000 ms. Default 30000. */
  readonly timeout_ms?: number | null | undefined
}
/** Body of `POST /dispatch`. */
export interface DispatchRequest {
  readonly connection_handle: ConnectionHandle
  readonly request: HttpRequest
}
/** Zod schema of {@link DispatchRequest}; unknown fields are refused. */
export declare const dispatchRequestSchema: z.ZodType<DispatchRequest, unknown>
/**
 * A value of a parsed JSON text, if it is a dispatch request. It accepts what {@link dispatchRequestSchema}
 * accepts, at a tenth of its cost; what is wrong with anything else is for the schema to say.
 */
export declare function isDispatchRequest(value: unknown): value is DispatchRequest
/** What the upstream answered, whatever its status. */
export interface HttpResponse {
  /** 100 to 599. */
  readonly status: number
  /** Lower-case names; repeated headers joined by `, `; `set-cookie` never included. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: DispatchBody
  /** Present and `base64` when `body` is the base64 of bytes that are not text. */
  readonly body_encoding?: 'base64'
}
/** A dispatch that failed before an upstream answered. */
export interface DispatchFailure {
  readonly code: DispatchErrorCode
  readonly message: string
  readonly retryable: boolean
  /** Page on which the user makes or repairs the connection, where that would help. */
  readonly connect_url?: string
  /** Where the server that called asks, as its own client, what became of that. */
  readonly poll_url?: string
}
/** Answer of `POST /dispatch`, always with HTTP status 200. */
export type DispatchResponse =
  | {
      readonly success: true
      readonly response: HttpResponse
    }
  | {
      readonly success: false
      readonly error: DispatchFailure
    }
/** Zod schema of {@link DispatchResponse} for clients; unknown codes are kept as strings. */
export declare const dispatchResponseSchema: z.ZodType<DispatchResponse, unknown>
/** The wire form of a failure, with the code's `retryable`. */
export declare function dispatchFailure(
  code: DispatchErrorCode,
  message: string,
): DispatchResponse & {
  success: false
}

// ── dpop-key.d.ts
import { type JWK } from 'jose'
import { type Sha256 } from './sha256.ts'
/** A public key as a proof's header carries it: only the members that name the key. */
export type DpopPublicJwk =
  | {
      readonly kty: 'EC'
      readonly crv: 'P-256'
      readonly x: string
      readonly y: string
    }
  | {
      readonly kty: 'OKP'
      readonly crv: 'Ed25519'
      readonly x: string
    }
/** Signature algorithms that a proof may use, with the only key type of each. */
export declare const dpopAlgorithms: readonly ['ES256', 'EdDSA', 'Ed25519']
/** A client's key for DPoP proofs. Structurally a `CryptoKeyPair`. */
export interface DpopKey {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly publicJwk: DpopPublicJwk
  /** RFC 7638 thumbprint of the public key: what a token's `cnf.jkt` names. */
  readonly jkt: string
}
/**
 * The public key in a proof's header, reduced to the members that name it; undefined when it is not
 * a plain public key of the algorithm, also when it carries a private member.
 */
export declare function readPublicJwk(jwk: unknown, alg: string): DpopPublicJwk | undefined
/**
 * SHA-256 thumbprint of a public key.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7638#section-3}
 */
export declare function jwkThumbprint(jwk: DpopPublicJwk, sha256?: Sha256): string | Promise<string>
/** Makes an ES256 key for proofs. The private key cannot be exported unless asked for. */
export declare function generateDpopKey(options?: {
  readonly extractable?: boolean
}): Promise<DpopKey>
/** The private JWK of an extractable key, for a client that keeps its key on disk. A secret. */
export declare function exportDpopKey(key: DpopKey): Promise<JWK>
/**
 * The key of a private JWK made by {@link exportDpopKey}.
 *
 * @throws TypeError when the JWK is no private EC key on P-256
 */
export declare function importDpopKey(jwk: JWK): Promise<DpopKey>

// ── dpop-proof.d.ts
import type { DpopKey } from './dpop-key.ts'
import { type Sha256 } from './sha256.ts'
/** What a new proof says. */
export interface DpopProofOptions {
  readonly key: DpopKey
  /** The request's method. */
  readonly method: string
  /** The request's absolute URL; query and fragment are left out of the proof. */
  readonly url: string
  /** The access token that the request carries, if any. */
  readonly accessToken?: string
  /** The nonce that the server demanded, if any. */
  readonly nonce?: string
  /** Default {@link webSha256}. */
  readonly sha256?: Sha256
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}
/**
 * Makes the value of a `DPoP` header for one request.
 *
 * @throws TypeError when `url` is not an absolute URL
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-4.2}
 */
export declare function createDpopProof(options: DpopProofOptions): Promise<string>

// ── dpop-uri.d.ts
/**
 * An HTTP URI in the form in which `htu` values are compared: without query and fragment, scheme and
 * host in lower case, no default port, dot segments resolved. Undefined when it is not an absolute
 * `http` or `https` URI in plain ASCII without user information.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-4.3}
 */
export declare function normalizeHtu(uri: string): string | undefined

// ── dpop.d.ts
import type { ProcessStart } from './process-start.ts'
import type { ReplayStore } from './replay.ts'
import { type Sha256 } from './sha256.ts'
import { type ImportProofKey, type VerifySignature } from './verify-signature.ts'
/** Options of {@link createDpopVerifier}. */
export interface DpopVerifierOptions {
  readonly replay: ReplayStore
  /** Oldest accepted proof. Default 60, as long as used proofs are remembered. */
  readonly maxAgeSeconds?: number
  /**
   * Unix seconds. Refuses proofs made before: the start of a process whose replay store forgets with it,
   * or a copied proof would be good once more after a restart. A {@link ProcessStart} asks for its nonce
   * instead, and takes a proof with it: whatever its time says, it was signed since. Default none.
   */
  readonly notBefore?: number | ProcessStart
  /** How far a client's clock may run ahead. Default 30. */
  readonly clockToleranceSeconds?: number
  /** Imported public keys of verified token holders that are kept. Default 2000. */
  readonly keyCacheSize?: number
  /** Default {@link webSha256}. */
  readonly sha256?: Sha256
  /** Default {@link webVerifySignature}. */
  readonly verifySignature?: VerifySignature
  /** Default WebCrypto's import, and then `verifySignature`. */
  readonly importProofKey?: ImportProofKey
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}
/** A proof and the request that it must fit. */
export interface DpopCheck {
  /** The `DPoP` header's value. */
  readonly proof: string
  readonly method: string
  /** The request's public absolute URL, from configuration and never from a `Host` header. */
  readonly url: string
  /** The access token that the request carries; the proof's `ath` must then fit. */
  readonly accessToken?: string
  /** The token's hash, if already known, instead of `accessToken`. */
  readonly accessTokenHash?: string
  /** The thumbprint that a *verified* token names. Give it only after verifying the token. */
  readonly expectedJkt?: string
  /** The nonce that the proof must carry, or what tells whether one is good. */
  readonly nonce?: string | ((nonce: string) => boolean) | undefined
}
/** What a valid proof proves. */
export interface VerifiedDpopProof {
  /** Thumbprint of the key that signed. */
  readonly jkt: string
  readonly jti: string
  /** Seconds. */
  readonly issuedAt: number
}
/** A verifier made by {@link createDpopVerifier}. */
export interface DpopVerifier {
  /** @throws TokenError `invalid_dpop_proof`, `use_dpop_nonce`, or `temporarily_unavailable` */
  readonly verify: (check: DpopCheck) => Promise<VerifiedDpopProof>
}
/**
 * Makes a verifier of DPoP proofs. Everything that costs nothing is checked before the signature, and
 * a proof is accepted once.
 *
 * @throws RangeError for numbers that cannot be
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-4.3}
 */
export declare function createDpopVerifier(options: DpopVerifierOptions): DpopVerifier

// ── enclave.d.ts
/**
 * The operations that the control plane asks of the enclave over the channel. A head is JSON, a
 * body is bytes.
 *
 * @module
 */
import { z } from 'zod'
import { type ProviderRevocation, type RecordContext } from './connection.ts'
import type { OAuthApp } from './credential-token.ts'
import { type IsolationReport } from './isolation.ts'
import type { KeySet } from './key-set.ts'
import { type ConnectionPolicy, dispatchMethods } from './policy.ts'
export * from './isolation.ts'
/** Connections of which the enclave remembers what it checked: a few kilobytes each, no secret but their keys. */
export declare const rememberedConnections = 5000
/** Codes of failures that the enclave reports, beside the dispatch codes. */
export declare const enclaveErrorCodes: readonly [
  ...(
    | 'BAD_REQUEST'
    | 'CONNECTION_NOT_FOUND'
    | 'CONNECTION_REVOKED'
    | 'CONNECTION_SUSPENDED'
    | 'DECRYPTION_FAILED'
    | 'DOWNSTREAM_AUTH_FAILURE'
    | 'DOWNSTREAM_RATE_LIMITED'
    | 'DOWNSTREAM_TIMEOUT'
    | 'DOWNSTREAM_TLS_ERROR'
    | 'DOWNSTREAM_UNREACHABLE'
    | 'ENCLAVE_UNAVAILABLE'
    | 'INVALID_REQUEST'
    | 'ORG_MISMATCH'
  )[],
  'INVALID_ENVELOPE',
  'WRONG_KEY',
  'BINDING_MISMATCH',
  'UPLOAD_NONCE_MISMATCH',
  'HOST_NOT_ALLOWED',
  'POLICY_REFUSED',
  'PIN_REFUSED',
  'HEAD_REFUSED',
  'NEEDS_RECONNECT',
  'TOKEN_REFUSED',
  'AUTHORIZATION_REFUSED',
  'INTERNAL',
]
export type EnclaveErrorCode = (typeof enclaveErrorCodes)[number]
/** Payload of an error frame. `message` is fixed text of ours: never upstream text, never a secret. */
export interface EnclaveFailure {
  readonly code: EnclaveErrorCode
  readonly message: string
  /** How long a provider wants to be left alone. */
  readonly retry_after_ms?: number
  /** Present where the upstream may have carried the call out, although there is no answer of it. */
  readonly may_have_run?: true
}
/** Body: the sealed credential. Answer: {@link IngestResult} with the vault record as body. */
export interface IngestHead {
  /** `dedalus-v1` is the weaker form: it carries no binding, so the enclave binds it to `context`. */
  readonly form: 'sealed-box' | 'dedalus-v1'
  readonly kid?: string | undefined
  /** The one-time nonce of the reservation; must stand in a sealed envelope. */
  readonly upload_nonce: string
  /** What the record will be bound to. For `sealed-box` the envelope's hosts must equal `allowed_hosts`. */
  readonly context: RecordContext
  /** Base URL of the reservation, used when a Dedalus envelope names none. */
  readonly base_url: string
}
/** What may be known of a credential outside the enclave. */
export interface IngestResult {
  readonly kind: string
  readonly base_url: string
  readonly allowed_hosts: readonly string[]
  /** Pins sealed with the credential, for display. */
  readonly pins: Record<string, readonly string[]>
  /** Present for an OAuth app, for display. */
  readonly app?: Pick<
    OAuthApp,
    'client_id' | 'authorization_endpoint' | 'token_endpoint' | 'scopes'
  >
}
/** Body: the vault record. Answer: the new record as body. */
export interface RewrapHead {
  readonly context: RecordContext
  readonly policy: ConnectionPolicy
  /** Version of the new record: one more than `context.version`. */
  readonly version: number
}
/** Body: the vault record (`record_bytes` long), then the request body. */
export interface DispatchHead {
  readonly context: RecordContext
  readonly record_bytes: number
  readonly request: {
    readonly method: (typeof dispatchMethods)[number]
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly has_body: boolean
  }
  readonly caller: {
    readonly sub: string
    /** Canonical URI of the resource on whose behalf the call is made. */
    readonly resource: string
    readonly client_id: string
    /** The caller's DPoP proof for this dispatch; needed only when the credential pins keys. */
    readonly proof?: string | undefined
    /** The access token that the proof's `ath` covers. Sent only with `proof`. */
    readonly access_token?: string | undefined
    /** `htu` that the proof must carry. */
    readonly dispatch_url: string
  }
  readonly timeout_ms: number
  readonly max_response_bytes: number
}
/** Head of a dispatch answer; the upstream's body follows as the body. */
export interface DispatchResult {
  readonly status: number
  /** Lower-case names, repeated headers joined by `, `, hop-by-hop and `set-cookie` dropped, secrets scrubbed. */
  readonly headers: Readonly<Record<string, string>>
  /** Host that was called, for the audit record. */
  readonly host: string
}
/** An OAuth app's vault record, which stands in the body after what it is used with. */
export interface AppReference {
  readonly context: RecordContext
  readonly record_bytes: number
}
/** What may be known of tokens outside the enclave. */
export interface TokenFacts {
  /** Unix milliseconds; null when the provider names no end. */
  readonly expires_at_ms: number | null
  /** What the provider granted. */
  readonly scopes: readonly string[]
  /** False when only its owner can give the connection another token. */
  readonly renewable: boolean
}
/** Body: the OAuth app's vault record. Answer: {@link BeginAuthorizationResult} with a sealed pending record as body. */
export interface BeginAuthorizationHead {
  /** The connection to authorize. */
  readonly context: RecordContext
  readonly app: {
    readonly context: RecordContext
  }
  readonly redirect_uri: string
  /** Default: those sealed with the app. */
  readonly scopes?: readonly string[] | undefined
}
/** Where to send the browser. */
export interface BeginAuthorizationResult {
  readonly authorization_url: string
  /** Comes back with the answer; the pending record opens only for it. */
  readonly state: string
}
/**
 * Body: the pending record, then the OAuth app's vault record. Answer: {@link TokenFacts} with the
 * connection's vault record, bound to `context`, as body.
 */
export interface CompleteAuthorizationHead {
  readonly context: RecordContext
  readonly pending_bytes: number
  readonly app: AppReference
  /** What the provider sent back through the browser. */
  readonly response: {
    readonly state: string
    readonly code?: string | undefined
    readonly iss?: string | undefined
    readonly error?: string | undefined
  }
}
/**
 * Body: the vault record, then the OAuth app's where the kind has one. Answer: {@link TokenFacts} with
 * the next record, of version `context.version + 1`, as body. Asked again for a token that it has
 * answered already, it answers the same token.
 */
export interface RefreshHead {
  readonly context: RecordContext
  readonly record_bytes: number
  readonly app?: AppReference | undefined
}
/** Body: the vault record, then the OAuth app's where the kind has one. */
export interface RevokeTokensHead extends RefreshHead {}
/** What the provider did. */
export interface RevokeTokensResult {
  /** `not_supported` when the credential says no way, or the provider does not end such a token. */
  readonly outcome: Exclude<ProviderRevocation, 'pending' | 'failed'>
}
/** An audit head to sign. */
export interface AuditHead {
  readonly seq: number
  /** Hex SHA-256 of the record `seq`. */
  readonly hash: string
  /** RFC 3339 time. */
  readonly time: string
}
/** A signed audit head. */
export interface SignedAuditHead extends AuditHead {
  /** Identity public key that signed, base64url. */
  readonly key_id: string
  readonly signature: string
}
/** Answer of `status`. */
export interface EnclaveStatus {
  readonly version: string
  readonly boot_id: string
  readonly started_at: string
  readonly isolation: IsolationReport
  readonly identity: string
  readonly sealing_kids: readonly string[]
  readonly storage_key_version: number
}
/** Answer of `keys`. */
export interface EnclaveKeys {
  readonly key_set: KeySet
  /** RSA public key with `use: "enc"` for Dedalus clients, current first. */
  readonly enc_jwks: readonly Record<string, unknown>[]
}
/** Head sent and head answered by each operation. */
export interface EnclaveOperations {
  status: {
    head: Record<string, never>
    result: EnclaveStatus
  }
  keys: {
    head: Record<string, never>
    result: EnclaveKeys
  }
  ingest: {
    head: IngestHead
    result: IngestResult
  }
  rewrap: {
    head: RewrapHead
    result: Record<string, never>
  }
  dispatch: {
    head: DispatchHead
    result: DispatchResult
  }
  beginAuthorization: {
    head: BeginAuthorizationHead
    result: BeginAuthorizationResult
  }
  completeAuthorization: {
    head: CompleteAuthorizationHead
    result: TokenFacts
  }
  refresh: {
    head: RefreshHead
    result: TokenFacts
  }
  revokeTokens: {
    head: RevokeTokensHead
    result: RevokeTokensResult
  }
  signHead: {
    head: AuditHead
    result: SignedAuditHead
  }
  latestHead: {
    head: Record<string, never>
    result: {
      readonly head: SignedAuditHead | null
    }
  }
  rotateSealingKey: {
    head: Record<string, never>
    result: EnclaveKeys
  }
  rotateIdentity: {
    head: Record<string, never>
    result: EnclaveKeys
  }
}
export type EnclaveOperation = keyof EnclaveOperations
/** Zod schema of each operation's head, for the enclave's edge. */
export declare const enclaveHeadSchemas: {
  readonly [operation in EnclaveOperation]: z.ZodType<EnclaveOperations[operation]['head'], unknown>
}
/** Zod schema of {@link TokenFacts}, for the control plane's edge. */
export declare const tokenFactsSchema: z.ZodType<TokenFacts, unknown>
/** Zod schema of {@link EnclaveStatus}, for the control plane's edge. */
export declare const enclaveStatusSchema: z.ZodType<EnclaveStatus, unknown>

// ── errors.d.ts
/** Every way in which a value that crosses a trust boundary can be refused by this package. */
export type ProtocolErrorCode =
  | 'INVALID_HANDLE'
  | 'INVALID_ENVELOPE'
  | 'INVALID_PATH'
  | 'INVALID_HOST'
  | 'INVALID_DETAILS'
  | 'INVALID_KEY_SET'
  | 'KEY_NOT_VALID_NOW'
  | 'IDENTITY_CHANGED'
/**
 * A malformed or untrusted value. `message` names the problem and the fix and never repeats the
 * value itself, which may hold a secret.
 */
export declare class ProtocolError extends Error {
  readonly name = 'ProtocolError'
  readonly code: ProtocolErrorCode
  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions)
}

// ── frame.d.ts
/** Frame types of the channel. */
export declare const frameTypes: {
  readonly HELLO: 1
  readonly REQ: 2
  readonly RES: 3
  readonly DATA: 4
  readonly END: 5
  readonly ERR: 6
  readonly CREDIT: 7
  readonly CANCEL: 8
  readonly PING: 9
  readonly PONG: 10
}
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes]
/** Bytes before a frame's payload: `u32 length | u8 type | u32 stream`. */
export declare const frameHeaderBytes = 9
/** Largest payload of one frame, in bytes. */
export declare const maxFramePayload = 1048576
/** Payload of frames that carry none. */
export declare const noPayload: Uint8Array
/**
 * Joins frames into the arrays that are written to the socket. They are parts of one larger array: making
 * an array for each frame and each write costs more than filling it.
 */
export declare class FrameWriter {
  #private
  /**
   * Adds a frame.
   *
   * @param stream - 0 is the channel itself
   * @param text - further payload, as UTF-8
   */
  add(type: FrameType, stream: number, payload: Uint8Array, text?: string): void
  /** Bytes that were added since the last {@link take}, or part of them when they are many. */
  get size(): number
  /** Everything that was added since the last call; the bytes do not change any more. */
  take(): readonly Uint8Array[]
}
/** Writes a big-endian 32-bit number. */
export declare function writeUint32(target: Uint8Array, offset: number, value: number): void
/** The four bytes of a number. */
export declare function uint32Bytes(value: number): Uint8Array
/** Reads a big-endian 32-bit number; missing bytes read as 0. */
export declare function readUint32(source: Uint8Array, offset: number): number
/** Receives each decoded frame. `payload` may be a view into the chunk that carried it. */
export type FrameListener = (type: FrameType, stream: number, payload: Uint8Array) => void
/** Cuts a byte stream into frames; keeps what is incomplete for the next chunk. */
export declare class FrameDecoder {
  #private
  constructor(listener: FrameListener)
  /**
   * Takes the next bytes and calls the listener for each frame that they complete.
   *
   * @throws ChannelError `PROTOCOL_VIOLATION` for a payload above {@link maxFramePayload} or an
   *   unknown type, before anything of that payload is buffered; the channel cannot go on then
   */
  push(chunk: Uint8Array): void
}

// ── index.d.ts
/**
 * What both sides of every Holdfast wire share: names, formats and sealing. Runs in browsers and
 * in Node; holds no private key and does no I/O.
 *
 * @module
 */
export { ProtocolError, type ProtocolErrorCode } from './errors.ts'
export {
  allowsCall,
  allowsLocation,
  type ConnectionDetail,
  connectionDetailSchema,
  detailsOfConnections,
  type GrantedConnectionDetail,
  grantedConnectionDetailSchema,
  maxAuthorizationDetails,
  maxAuthorizationDetailsLength,
  narrowDetails,
} from './authorization-details.ts'
export { concatBytes, fromBase64url, toBase64url, utf8, utf8Text } from './bytes.ts'
export { canonicalBytes } from './canonical-json.ts'
export { deepFreeze } from './deep-freeze.ts'
export {
  type ConnectionHandle,
  connectionHandleSchema,
  formatConnectionHandle,
  isConnectionHandle,
  maxHandleLength,
  parseConnectionHandle,
  providerNameSchema,
  providerOfHandle,
} from './connection-handle.ts'
export {
  type ConnectionStatus,
  connectionStatuses,
  denyAllPolicy,
  type ProviderRevocation,
  providerRevocations,
  type RecordContext,
  recordContextSchema,
} from './connection.ts'
export {
  apiKeyInjection,
  type CredentialKind,
  credentialFields,
  credentialKindSchema,
  type SecretFields,
  secretFieldsOf,
} from './credential-kind.ts'
export { hmacSlots, type SignaturePlace } from './credential-hmac.ts'
export { type Injection } from './credential-place.ts'
export {
  type GoneAnswers,
  goneAnswersSchema,
  type RevocationRequest,
  revocationRequestOf,
  revocationSlots,
} from './credential-revocation.ts'
export { parseTemplate, type TemplatePart } from './credential-template.ts'
export {
  type IssuedToken,
  isTokenKind,
  mintingKinds,
  type OAuthApp,
  type TokenKind,
} from './credential-token.ts'
export {
  type CredentialEnvelope,
  decodeEnvelope,
  encodeEnvelope,
  type EnvelopeBinding,
  type EnvelopeHeader,
  envelopeSecrets,
  maxEnvelopeBytes,
} from './credential-envelope.ts'
export {
  type DispatchBody,
  type DispatchErrorCode,
  dispatchErrorCodes,
  dispatchErrors,
  type DispatchFailure,
  dispatchFailure,
  type DispatchRequest,
  dispatchRequestSchema,
  isDispatchRequest,
  type DispatchResponse,
  dispatchResponseSchema,
  type HttpRequest,
  type HttpResponse,
} from './dispatch.ts'
export {
  auditHeadSignedBytes,
  identityFingerprint,
  type IdentitySuccession,
  type KeySet,
  keySetSchema,
  type SealingKey,
  sealingKeySignedBytes,
  successionSignedBytes,
  type VerifiedKeySet,
  verifyIdentitySignature,
  verifyKeySet,
} from './key-set.ts'
export {
  type ConnectionPolicy,
  connectionPolicySchema,
  type CredentialPins,
  credentialPinsSchema,
  type DispatchMethod,
  dispatchMethods,
  pathMatches,
  patternCovers,
  type PolicyQuestion,
  type PolicyRefusal,
  policyRefusal,
} from './policy.ts'
export { parseRequestPath, type RequestPath } from './request-path.ts'
export { seal, type SealedCredential } from './sealing.ts'
export { canonicalAuthority, parseBaseUrl, type UpstreamOrigin } from './upstream-host.ts'

// ── isolation.d.ts
import { z } from 'zod'
/** Isolation levels of the enclave, weakest first. Each is claimed only by the result of attacks. */
export declare const isolationLevels: readonly [
  'none',
  'process',
  'filtered',
  'networkless',
  'hardware',
]
/** Zod schema of {@link IsolationLevel}. */
export declare const isolationLevelSchema: z.ZodEnum<{
  filtered: 'filtered'
  hardware: 'hardware'
  networkless: 'networkless'
  none: 'none'
  process: 'process'
}>
export type IsolationLevel = z.infer<typeof isolationLevelSchema>
/** One attempted attack on the enclave, and what came of it. */
export declare const attackResultSchema: z.ZodObject<
  {
    id: z.ZodString
    attack: z.ZodString
    from: z.ZodEnum<{
      inside: 'inside'
      outside: 'outside'
    }>
    outcome: z.ZodEnum<{
      denied: 'denied'
      succeeded: 'succeeded'
      unavailable: 'unavailable'
    }>
    detail: z.ZodOptional<z.ZodString>
    caps: z.ZodEnum<{
      filtered: 'filtered'
      hardware: 'hardware'
      networkless: 'networkless'
      none: 'none'
      process: 'process'
    }>
  },
  z.core.$strip
>
export type AttackResult = z.infer<typeof attackResultSchema>
/** What the enclave's isolation was measured to be. */
export declare const isolationReportSchema: z.ZodObject<
  {
    level: z.ZodEnum<{
      filtered: 'filtered'
      hardware: 'hardware'
      networkless: 'networkless'
      none: 'none'
      process: 'process'
    }>
    attacks: z.ZodArray<
      z.ZodObject<
        {
          id: z.ZodString
          attack: z.ZodString
          from: z.ZodEnum<{
            inside: 'inside'
            outside: 'outside'
          }>
          outcome: z.ZodEnum<{
            denied: 'denied'
            succeeded: 'succeeded'
            unavailable: 'unavailable'
          }>
          detail: z.ZodOptional<z.ZodString>
          caps: z.ZodEnum<{
            filtered: 'filtered'
            hardware: 'hardware'
            networkless: 'networkless'
            none: 'none'
            process: 'process'
          }>
        },
        z.core.$strip
      >
    >
    reasons: z.ZodArray<z.ZodString>
    mechanisms: z.ZodArray<z.ZodString>
    hardware: z.ZodLiteral<'none'>
  },
  z.core.$strip
>
export type IsolationReport = z.infer<typeof isolationReportSchema>
/** Position of a level in the ladder: 0 is the weakest. */
export declare const isolationRank: (level: IsolationLevel) => number
/** The weaker of two levels. */
export declare const weakerLevel: (a: IsolationLevel, b: IsolationLevel) => IsolationLevel

// ── key-set.d.ts
import { z } from 'zod'
declare const sealingKeySchema: z.ZodObject<
  {
    kid: z.ZodString
    alg: z.ZodLiteral<'x25519-sealed-box'>
    public_key: z.ZodString
    not_before: z.ZodInt
    expires_at: z.ZodInt
    signature: z.ZodString
  },
  z.core.$strict
>
declare const successionSchema: z.ZodObject<
  {
    previous: z.ZodString
    next: z.ZodString
    at: z.ZodInt
    signature: z.ZodString
  },
  z.core.$strict
>
/** Zod schema of {@link KeySet}. */
export declare const keySetSchema: z.ZodObject<
  {
    v: z.ZodLiteral<1>
    identity: z.ZodString
    succession: z.ZodArray<
      z.ZodObject<
        {
          previous: z.ZodString
          next: z.ZodString
          at: z.ZodInt
          signature: z.ZodString
        },
        z.core.$strict
      >
    >
    keys: z.ZodArray<
      z.ZodObject<
        {
          kid: z.ZodString
          alg: z.ZodLiteral<'x25519-sealed-box'>
          public_key: z.ZodString
          not_before: z.ZodInt
          expires_at: z.ZodInt
          signature: z.ZodString
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
export type SealingKey = z.infer<typeof sealingKeySchema>
export type IdentitySuccession = z.infer<typeof successionSchema>
/** The enclave's published sealing keys, signed by its identity. */
export type KeySet = z.infer<typeof keySetSchema>
/** A key set whose signatures hold. */
export interface VerifiedKeySet {
  /** Identity to pin from now on, base64url. */
  readonly identity: string
  /** The sealing key to use. */
  readonly key: SealingKey
}
/** The bytes that the identity signs for a sealing key. */
export declare const sealingKeySignedBytes: (key: Omit<SealingKey, 'signature'>) => Uint8Array
/** The bytes that the old identity signs to hand over to a new one. */
export declare const successionSignedBytes: (
  step: Omit<IdentitySuccession, 'signature'>,
) => Uint8Array
/** The bytes that the identity signs for the head of the audit chain. */
export declare const auditHeadSignedBytes: (head: {
  seq: number
  hash: string
  time: string
}) => Uint8Array
/**
 * Checks an Ed25519 signature by an enclave identity.
 *
 * @param identity - public key, base64url
 * @param signature - base64url
 */
export declare function verifyIdentitySignature(
  identity: string,
  message: Uint8Array,
  signature: string,
): Promise<boolean>
/**
 * Checks a published key set and picks the sealing key to use.
 *
 * @param value - the parsed JSON of `/.well-known/holdfast-sealing-keys.json`
 * @param options.pinned - identity seen before; absent on first use
 * @param options.nowSeconds - the current time
 * @throws ProtocolError `INVALID_KEY_SET` for a wrong shape or signature, `IDENTITY_CHANGED` when
 *   the identity is not the pinned one and no signed succession leads from it to the new one,
 *   `KEY_NOT_VALID_NOW` when no key is valid at this time
 */
export declare function verifyKeySet(
  value: unknown,
  options: {
    readonly pinned?: string | undefined
    readonly nowSeconds: number
  },
): Promise<VerifiedKeySet>
/** An identity's fingerprint for people: 32 hex digits in groups of four. */
export declare function identityFingerprint(identity: string): Promise<string>
export {}

// ── policy.d.ts
import { z } from 'zod'
/** Methods that a dispatch may use. */
export declare const dispatchMethods: readonly ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
export type DispatchMethod = (typeof dispatchMethods)[number]
/** Zod schema of a path pattern. */
export declare const pathPatternSchema: z.ZodString
/**
 * What a Connection may be used for. Every list is an allow-list; an empty list allows nothing.
 *
 * Path patterns: `*` stands for one segment's part (never `/`), `**` for anything from there on.
 */
export declare const connectionPolicySchema: z.ZodObject<
  {
    methods: z.ZodArray<
      z.ZodEnum<{
        '*': '*'
        DELETE: 'DELETE'
        GET: 'GET'
        PATCH: 'PATCH'
        POST: 'POST'
        PUT: 'PUT'
      }>
    >
    paths: z.ZodArray<z.ZodString>
    resources: z.ZodArray<z.ZodString>
  },
  z.core.$strict
>
export type ConnectionPolicy = z.infer<typeof connectionPolicySchema>
/**
 * Limits sealed with the credential by its owner. Each absent list limits nothing; a present one
 * can only be changed by sealing again.
 */
export declare const credentialPinsSchema: z.ZodObject<
  {
    methods: z.ZodOptional<
      z.ZodArray<
        z.ZodEnum<{
          '*': '*'
          DELETE: 'DELETE'
          GET: 'GET'
          PATCH: 'PATCH'
          POST: 'POST'
          PUT: 'PUT'
        }>
      >
    >
    paths: z.ZodOptional<z.ZodArray<z.ZodString>>
    resources: z.ZodOptional<z.ZodArray<z.ZodString>>
    dpop_jkts: z.ZodOptional<z.ZodArray<z.ZodString>>
  },
  z.core.$strict
>
export type CredentialPins = z.infer<typeof credentialPinsSchema>
/** The parts of a dispatch that a policy decides on. */
export interface PolicyQuestion {
  readonly method: DispatchMethod
  /** Path without query, as checked by `parseRequestPath`. */
  readonly pathname: string
  /** Canonical URI of the resource on whose behalf the call is made. */
  readonly resource: string
}
/** Which list refused the call; `undefined` when all allow it. */
export type PolicyRefusal = 'method' | 'path' | 'resource' | undefined
/** Decides a call against a policy or against sealed pins (where an absent list limits nothing). */
export declare function policyRefusal(
  policy: ConnectionPolicy | CredentialPins,
  question: PolicyQuestion,
): PolicyRefusal
/** Tells whether a path matches a pattern of `*` (within a segment) and `**` (anything). */
export declare function pathMatches(pattern: string, pathname: string): boolean
/**
 * Tells whether one pattern allows every path that another allows. What stands for a wildcard of the
 * narrow one can only be taken up by a wildcard of the wide one that takes at least as much.
 */
export declare const patternCovers: (wide: string, narrow: string) => boolean

// ── process-start.d.ts
/** When a process began, and a text that nobody knew before. */
export interface ProcessStart {
  /** Unix seconds. */
  readonly seconds: () => number
  /** The same for the life of the process, and never that of another one. */
  readonly nonce: () => string
}
/**
 * Notes the start of a process whose replay store forgets with it.
 *
 * @param now - Unix milliseconds
 */
export declare function processStart(now: () => number): ProcessStart

// ── replay.d.ts
/**
 * Remembers identifiers that may be used once.
 *
 * `use` is called after a proof's signature was checked. It returns true for the first caller and
 * false for every other one until `expiresAtMs`, also among concurrent callers; it throws, and never
 * forgets something that is still valid, when it has no room.
 */
export interface ReplayStore {
  readonly use: (id: string, expiresAtMs: number) => boolean | Promise<boolean>
}
/** Options of {@link createMemoryReplayStore}. */
export interface MemoryReplayStoreOptions {
  /** Identifiers held at once; further ones are refused. Default 1000000 (about 30 MB). */
  readonly maxEntries?: number
  /** Time span that is forgotten together; shorter ones cost look-ups, longer ones memory. Default 30000. */
  readonly bucketMs?: number
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}
/**
 * A {@link ReplayStore} of one process: sets of identifiers by expiry. Only time removes an entry; a
 * store that dropped the oldest when full could be flushed by a flood and then replayed against.
 *
 * It keeps 64 bits of each identifier, hashed with a key of its own. With a million held, one new
 * identifier in 10^13 is mistaken for a used one and refused; a used one is never taken for new.
 *
 * @throws RangeError for numbers that cannot be
 */
export declare function createMemoryReplayStore(options?: MemoryReplayStoreOptions): ReplayStore

// ── request-path.d.ts
/** A request path that every later reader understands the same way. */
export interface RequestPath {
  /** Path without query, as it will be sent: starts with one `/`. */
  readonly pathname: string
  /** Query with its leading `?`, or empty. Sent as it came. */
  readonly search: string
}
/**
 * Checks a dispatch path and splits off its query.
 *
 * Ambiguous spellings are refused and not repaired: a path that a policy reads one way and an
 * upstream another way is how allow-lists are bypassed.
 *
 * @throws ProtocolError `INVALID_PATH` for a missing leading slash, `//`, `\`, `;`, dot segments
 *   (also percent-encoded), encoded slashes, control or non-ASCII characters, or a fragment
 */
export declare function parseRequestPath(path: string): RequestPath

// ── sealing.d.ts
import { encodeEnvelope } from './credential-envelope.ts'
import type { SealingKey } from './key-set.ts'
/** A sealed credential, ready to upload. */
export interface SealedCredential {
  readonly form: 'sealed-box'
  /** Id of the sealing key, so that the enclave need not try several. */
  readonly kid: string
  /** libsodium sealed box of the encoded envelope. */
  readonly sealed: Uint8Array
}
/**
 * Seals a credential to the enclave on the device that holds it. Only the enclave can open it.
 *
 * @param key - a sealing key taken from `verifyKeySet`, which checked its signature and validity
 * @throws ProtocolError `INVALID_ENVELOPE` when a field is missing or the binding is malformed
 * @see {@link https://doc.libsodium.org/public-key_cryptography/sealed_boxes}
 */
export declare function seal(
  key: SealingKey,
  envelope: Parameters<typeof encodeEnvelope>[0],
): Promise<SealedCredential>

// ── sha256.d.ts
/**
 * SHA-256 of a text's UTF-8 bytes as base64url. Node callers pass
 * `(text) => hash('sha256', text, 'base64url')`: the synchronous hash costs a twentieth of WebCrypto's.
 */
export type Sha256 = (text: string) => string | Promise<string>
/** {@link Sha256} by WebCrypto, for every runtime. */
export declare function webSha256(text: string): Promise<string>

// ── token-challenge.d.ts
import type { TokenError } from './token-error.ts'
/** Whether a resource offers, welcomes or demands tokens that are bound to a DPoP key. */
export type DpopPolicy = 'off' | 'preferred' | 'required'
/** What a challenge tells besides the error. */
export interface ChallengeOptions {
  readonly dpop: DpopPolicy
  /** Absolute URL of the protected resource metadata, where there is one. */
  readonly resourceMetadata?: string | undefined
  /** Scopes that a new token should ask for. */
  readonly scopes?: readonly string[] | undefined
}
/**
 * The value of `WWW-Authenticate` for a refused request: a `Bearer` challenge, then a `DPoP` one.
 *
 * `Bearer` leads even where only DPoP is accepted, because widespread MCP clients read
 * `resource_metadata` and `scope` only behind a leading `Bearer`. A demand for a nonce is the
 * exception: only DPoP clients can meet it, and they look for that challenge alone.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7.1}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9728#section-5.1}
 */
export declare function formatChallenge(error: TokenError, options: ChallengeOptions): string

// ── token-error.d.ts
/** Every way in which a request's access token or proof can be refused. */
export type TokenErrorCode =
  | 'missing_token'
  | 'invalid_request'
  | 'invalid_token'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'insufficient_scope'
  | 'temporarily_unavailable'
/**
 * A refused token or proof. `reason` is one of our own fixed texts: it may go on the wire and into
 * a header, and never repeats what the caller sent.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-3.1}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-7.1}
 */
export declare class TokenError extends Error {
  readonly name = 'TokenError'
  readonly code: TokenErrorCode
  readonly reason: string
  /** The HTTP status of the answer. */
  readonly status: 400 | 401 | 403 | 503
  /** The scopes that the request needs, for `insufficient_scope`. */
  readonly scopes: readonly string[] | undefined
  /** What the next proof must carry, for `use_dpop_nonce`, where the check knows it. */
  readonly nonce: string | undefined
  constructor(
    code: TokenErrorCode,
    reason: string,
    options?: ErrorOptions & {
      readonly scopes?: readonly string[]
      readonly nonce?: string
    },
  )
}

// ── token-key-source.d.ts
import { type JSONWebKeySet } from 'jose'
/** What a token's header says about the key that signed it. */
export interface SigningKeyHint {
  readonly alg: string
  readonly kid: string
}
/**
 * Finds the public key that a token's header names.
 *
 * Called once per token that is not cached, before any signature is checked, so whoever sends tokens
 * picks the arguments.
 *
 * @throws TokenError `invalid_token` when no signing key has that `kid` and `alg`,
 *   `temporarily_unavailable` when keys cannot be had
 */
export type TokenKeySource = (hint: SigningKeyHint) => Promise<CryptoKey>
/**
 * Keys that this process holds itself, such as the authorization server's own. `keySet` is asked for
 * every uncached token; return the same object until the keys change.
 */
export declare function createLocalKeySource(keySet: () => JSONWebKeySet): TokenKeySource
/** Options of {@link createRemoteKeySource}. */
export interface RemoteKeySourceOptions {
  /** Fetches the issuer's JWK Set. Never called twice at once. */
  readonly load: () => Promise<unknown>
  /** Age at which the set is fetched again. Default 600000 (10 minutes). */
  readonly maxAgeMs?: number
  /** How much longer an old set serves while the issuer cannot be reached. Default 3600000 (1 hour). */
  readonly maxStaleMs?: number
  /** Least time between two fetches, also after a failure or for unknown key ids. Default 5000. */
  readonly cooldownMs?: number
  /** Clock in milliseconds. Default `Date.now`. */
  readonly now?: () => number
}
/**
 * The issuer's published keys, fetched when needed: on first use, when old, and for an unknown key id,
 * but never more often than the cool-down, so that made-up key ids cannot be turned into a flood.
 *
 * @throws RangeError for times that cannot be
 */
export declare function createRemoteKeySource(options: RemoteKeySourceOptions): TokenKeySource

// ── token.d.ts
/**
 * Access tokens and DPoP proofs: making proofs, and the checks that the authorization server and
 * every resource server share.
 *
 * @module
 */
export {
  accessTokenAlgorithms,
  type AccessTokenVerifier,
  type AccessTokenVerifierOptions,
  type AuthorizationDetail,
  connectionsIn,
  createAccessTokenVerifier,
  type GrantedConnections,
  type TokenProfile,
  type VerifiedAccessToken,
} from './access-token.ts'
export {
  authorizeRequest,
  type AuthorizeRequestOptions,
  parseAuthorization,
  type PresentedToken,
  requireScopes,
  type TokenRequest,
} from './authorize-request.ts'
export { BoundedCache } from './bounded-cache.ts'
export {
  createDpopVerifier,
  type DpopCheck,
  type DpopVerifier,
  type DpopVerifierOptions,
  type VerifiedDpopProof,
} from './dpop.ts'
export {
  dpopAlgorithms,
  type DpopKey,
  type DpopPublicJwk,
  exportDpopKey,
  generateDpopKey,
  importDpopKey,
  jwkThumbprint,
} from './dpop-key.ts'
export { createDpopProof, type DpopProofOptions } from './dpop-proof.ts'
export { normalizeHtu } from './dpop-uri.ts'
export { type ProcessStart, processStart } from './process-start.ts'
export {
  createMemoryReplayStore,
  type MemoryReplayStoreOptions,
  type ReplayStore,
} from './replay.ts'
export { type Sha256, webSha256 } from './sha256.ts'
export { type ChallengeOptions, type DpopPolicy, formatChallenge } from './token-challenge.ts'
export { TokenError, type TokenErrorCode } from './token-error.ts'
export {
  createLocalKeySource,
  createRemoteKeySource,
  type RemoteKeySourceOptions,
  type SigningKeyHint,
  type TokenKeySource,
} from './token-key-source.ts'
export {
  type ImportProofKey,
  type VerifyProof,
  type VerifySignature,
  webVerifySignature,
} from './verify-signature.ts'

// ── tool-manifest.d.ts
/**
 * What a resource server tells the authorization server about its tools.
 *
 * @module
 */
import { z } from 'zod'
declare const operationSchema: z.ZodObject<
  {
    method: z.ZodEnum<{
      DELETE: 'DELETE'
      GET: 'GET'
      HEAD: 'HEAD'
      PATCH: 'PATCH'
      POST: 'POST'
      PUT: 'PUT'
    }>
    path: z.ZodString
    words: z.ZodOptional<z.ZodString>
  },
  z.core.$strict
>
/** A request that a tool makes upstream. */
export type ToolOperation = z.infer<typeof operationSchema>
declare const toolSchema: z.ZodObject<
  {
    name: z.ZodString
    description: z.ZodString
    scopes: z.ZodArray<z.ZodString>
    connections: z.ZodArray<z.ZodString>
    operations: z.ZodArray<
      z.ZodObject<
        {
          method: z.ZodEnum<{
            DELETE: 'DELETE'
            GET: 'GET'
            HEAD: 'HEAD'
            PATCH: 'PATCH'
            POST: 'POST'
            PUT: 'PUT'
          }>
          path: z.ZodString
          words: z.ZodOptional<z.ZodString>
        },
        z.core.$strict
      >
    >
  },
  z.core.$strict
>
/** Zod schema of {@link ToolManifest}; unknown fields are refused. */
export declare const toolManifestSchema: z.ZodType<ToolManifest, unknown>
/** What a resource server's tools need and do, as it tells the authorization server. */
export interface ToolManifest {
  readonly tools: readonly z.infer<typeof toolSchema>[]
}
export {}

// ── upstream-headers.d.ts
/** How a lenient server may read a header's name: CGI makes `X_Key` and `X-Key` the same variable. */
export declare const headerForm: (name: string) => string
/** Tells whether HTTP itself needs a header, so that neither caller nor credential may set it. */
export declare function isUpstreamOwnHeader(name: string): boolean
/** Tells whether a credential may fill a header. */
export declare const isCredentialHeader: (name: string) => boolean

// ── upstream-host.d.ts
/** An upstream origin in canonical form: lower-case host, explicit port, `https` only. */
export interface UpstreamOrigin {
  /** Host as it is matched, dialled and sent as SNI: lower-case, no trailing dot, no brackets. */
  readonly host: string
  /** TCP port, 1 to 65535. */
  readonly port: number
  /** `host` when the port is 443, else `host:port`: the form of allowed hosts. */
  readonly authority: string
  /** Path prefix of the base URL without a trailing slash; empty for the root. */
  readonly basePath: string
}
/**
 * The canonical origin of a credential's base URL.
 *
 * @throws ProtocolError `INVALID_HOST` for anything but an absolute https URL without user
 *   information, query or fragment
 */
export declare function parseBaseUrl(baseUrl: string): UpstreamOrigin
/**
 * The canonical form of an allowed host such as `API.GitHub.com.` or `localhost:8443`.
 *
 * @throws ProtocolError `INVALID_HOST`
 */
export declare function canonicalAuthority(allowedHost: string): string

// ── verify-signature.d.ts
import type { DpopPublicJwk } from './dpop-key.ts'
/**
 * Checks the signature of a compact JWS, whose header was checked before, and throws when it is wrong.
 * Every runtime has WebCrypto; a synchronous check saves a server the way to its thread pool.
 */
export type VerifySignature = (jws: string, key: CryptoKey, alg: string) => void | Promise<void>
/** {@link VerifySignature} with WebCrypto. */
export declare const webVerifySignature: VerifySignature
/** Checks that a proof was signed with one key, and throws when it was not. */
export type VerifyProof = (proof: string) => void | Promise<void>
/**
 * Reads the public key of a proof, whose form was checked before, for the algorithm that it names.
 *
 * @throws Error when it is no such key
 */
export type ImportProofKey = (jwk: DpopPublicJwk, alg: string) => VerifyProof | Promise<VerifyProof>
/** {@link ImportProofKey} with WebCrypto keys. */
export declare const webImportProofKey: (verifySignature: VerifySignature) => ImportProofKey
