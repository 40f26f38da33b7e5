/**
 * The operations that the control plane asks of the enclave over the channel. A head is JSON, a
 * body is bytes.
 *
 * @module
 */
import { z } from 'zod'
import { type ProviderRevocation, type RecordContext, recordContextSchema } from './connection.ts'
import type { OAuthApp } from './credential-token.ts'
import { type DispatchErrorCode, dispatchErrors } from './dispatch.ts'
import { type IsolationReport, isolationReportSchema } from './isolation.ts'
import type { KeySet } from './key-set.ts'
import { type ConnectionPolicy, connectionPolicySchema, dispatchMethods } from './policy.ts'

export * from './isolation.ts'

/** Connections of which the enclave remembers what it checked: a few kilobytes each, no secret but their keys. */
export const rememberedConnections = 5000

/** Codes of failures that the enclave reports, beside the dispatch codes. */
export const enclaveErrorCodes = [
  ...(Object.keys(dispatchErrors) as DispatchErrorCode[]),
  'INVALID_ENVELOPE',
  'WRONG_KEY',
  'BINDING_MISMATCH',
  'UPLOAD_NONCE_MISMATCH',
  'HOST_NOT_ALLOWED',
  'POLICY_REFUSED',
  'PIN_REFUSED',
  'HEAD_REFUSED',
  /** The provider no longer accepts the stored authorization; only its owner can give a new one. */
  'NEEDS_RECONNECT',
  /** The provider's token endpoint refused for another reason, such as a wrong client secret. */
  'TOKEN_REFUSED',
  /** An authorization response that is forged, stale, for another provider, or says no. */
  'AUTHORIZATION_REFUSED',
  'INTERNAL',
] as const
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
  readonly app: { readonly context: RecordContext }
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
  status: { head: Record<string, never>; result: EnclaveStatus }
  keys: { head: Record<string, never>; result: EnclaveKeys }
  ingest: { head: IngestHead; result: IngestResult }
  rewrap: { head: RewrapHead; result: Record<string, never> }
  dispatch: { head: DispatchHead; result: DispatchResult }
  beginAuthorization: { head: BeginAuthorizationHead; result: BeginAuthorizationResult }
  completeAuthorization: { head: CompleteAuthorizationHead; result: TokenFacts }
  refresh: { head: RefreshHead; result: TokenFacts }
  revokeTokens: { head: RevokeTokensHead; result: RevokeTokensResult }
  signHead: { head: AuditHead; result: SignedAuditHead }
  latestHead: { head: Record<string, never>; result: { readonly head: SignedAuditHead | null } }
  rotateSealingKey: { head: Record<string, never>; result: EnclaveKeys }
  rotateIdentity: { head: Record<string, never>; result: EnclaveKeys }
}
export type EnclaveOperation = keyof EnclaveOperations

const empty = z.strictObject({})
const headers = z.record(z.string(), z.string())
const app = z.strictObject({ context: recordContextSchema, record_bytes: z.int().positive() })
const refresh = z.strictObject({
  context: recordContextSchema,
  record_bytes: z.int().positive(),
  app: app.optional(),
})

/** Zod schema of each operation's head, for the enclave's edge. */
export const enclaveHeadSchemas: {
  readonly [operation in EnclaveOperation]: z.ZodType<EnclaveOperations[operation]['head'], unknown>
} = {
  status: empty,
  keys: empty,
  latestHead: empty,
  rotateSealingKey: empty,
  rotateIdentity: empty,
  ingest: z.strictObject({
    form: z.enum(['sealed-box', 'dedalus-v1']),
    kid: z.string().max(64).optional(),
    upload_nonce: z.string().min(16).max(128),
    context: recordContextSchema,
    base_url: z.string().max(2048),
  }),
  rewrap: z.strictObject({
    context: recordContextSchema,
    policy: connectionPolicySchema,
    version: z.int().min(2),
  }),
  dispatch: z.strictObject({
    context: recordContextSchema,
    record_bytes: z.int().positive(),
    request: z.strictObject({
      method: z.enum(dispatchMethods),
      path: z.string(),
      headers,
      has_body: z.boolean(),
    }),
    caller: z.strictObject({
      sub: z.string(),
      resource: z.string(),
      client_id: z.string(),
      proof: z.string().max(4096).optional(),
      access_token: z.string().max(16_384).optional(),
      dispatch_url: z.string(),
    }),
    timeout_ms: z.int().min(1).max(300_000),
    max_response_bytes: z.int().positive(),
  }),
  beginAuthorization: z.strictObject({
    context: recordContextSchema,
    app: z.strictObject({ context: recordContextSchema }),
    redirect_uri: z.url().max(2048),
    scopes: z.array(z.string().min(1).max(512)).max(100).optional(),
  }),
  completeAuthorization: z.strictObject({
    context: recordContextSchema,
    pending_bytes: z.int().positive(),
    app,
    response: z.strictObject({
      state: z.string().max(512),
      code: z.string().max(8192).optional(),
      iss: z.string().max(2048).optional(),
      error: z.string().max(512).optional(),
    }),
  }),
  refresh,
  revokeTokens: refresh,
  signHead: z.strictObject({
    seq: z.int().positive(),
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    time: z.string().max(40),
  }),
}

/** Zod schema of {@link TokenFacts}, for the control plane's edge. */
export const tokenFactsSchema: z.ZodType<TokenFacts, unknown> = z.object({
  expires_at_ms: z.int().nullable(),
  scopes: z.array(z.string()),
  renewable: z.boolean(),
})

/** Zod schema of {@link EnclaveStatus}, for the control plane's edge. */
export const enclaveStatusSchema: z.ZodType<EnclaveStatus, unknown> = z.object({
  version: z.string(),
  boot_id: z.string(),
  started_at: z.string(),
  isolation: isolationReportSchema,
  identity: z.string(),
  sealing_kids: z.array(z.string()),
  storage_key_version: z.int(),
})
