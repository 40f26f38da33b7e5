import { isTokenKind, type RecordContext, type TokenKind } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { AppReference, RefreshHead, TokenFacts } from '@holdfast/protocol/enclave'
import type { Keyring } from '../keyring.ts'
import type { Upstream } from '../upstream.ts'
import { openRecord, sealRecord } from '../vault-record.ts'
import { type OpenedApp, openApp, requireReach } from './app-record.ts'
import type { AnsweredRecord, RecentTokens } from './recent-tokens.ts'
import { requestTokens } from './request-tokens.ts'
import { createTokenFetch } from './token-fetch.ts'
import { sealIssued } from './tokens.ts'

/** What the token operations need of the enclave. */
export interface TokenParts {
  readonly keyring: Keyring
  readonly upstream: Upstream
  readonly recentTokens: RecentTokens
}

/** Records as they came in a body. */
export interface TokenRecords {
  readonly record: Uint8Array
  readonly app: Uint8Array | undefined
}

/** Answer of the operations that make a record. */
export interface TokenAnswer {
  readonly head: TokenFacts
  readonly body: Buffer
}

/**
 * Gets the next access token and writes it into the next record. The provider is asked once for each
 * generation of tokens, however often this is called with it.
 *
 * @throws EnclaveError what {@link requestTokens} throws, `DECRYPTION_FAILED`, `INVALID_REQUEST` for a
 *   credential without tokens
 */
export async function refresh(
  parts: TokenParts,
  { context, app }: RefreshHead,
  records: TokenRecords,
): Promise<TokenAnswer> {
  const { keyring, recentTokens } = parts
  const next: RecordContext = { ...context, version: context.version + 1 }
  const opened = openRecord(keyring, context, records.record)
  let answered: AnsweredRecord
  try {
    const spent = generationOf(requireTokenKind(opened.envelope.header.credential), context)
    answered = await recentTokens.answer(context.handle, spent, () =>
      renew(parts, { context, next, app }, records),
    )
  } finally {
    opened.wipe()
  }
  return bindTo(keyring, answered, next)
}

/** A first token is asked for under a name of its own for each sealed credential. */
export const generationOf = ({ issued }: TokenKind, { version }: RecordContext): string =>
  issued?.generation ?? `version ${version}`

async function renew(
  { keyring, upstream }: TokenParts,
  head: {
    readonly context: RecordContext
    readonly next: RecordContext
    readonly app: AppReference | undefined
  },
  records: TokenRecords,
): Promise<AnsweredRecord> {
  const { context, next } = head
  const opened = openRecord(keyring, context, records.record)
  let app: OpenedApp | undefined
  try {
    app = openReference(keyring, head.app, records.app)
    const { header, secrets } = opened.envelope
    const credential = requireTokenKind(header.credential)
    if (app) requireReach(app, context)
    const tokens = await requestTokens({
      credential,
      secrets,
      app,
      fetch: createTokenFetch(upstream),
    })
    const scopes = credential.issued?.scopes ?? ('scopes' in credential ? credential.scopes : [])
    const issued = { header, secrets, tokens, scopes: scopes ?? [] }
    return { context: next, record: sealIssued(keyring, next, issued) }
  } finally {
    opened.wipe()
    app?.record.wipe()
  }
}

/** Opens the app that a head names, if it names one. */
export function openReference(
  keyring: Keyring,
  app: AppReference | undefined,
  record: Uint8Array | undefined,
): OpenedApp | undefined {
  return app && record ? openApp(keyring, app.context, record) : undefined
}

/** @throws EnclaveError `INVALID_REQUEST` */
export function requireTokenKind(credential: { readonly kind: string }): TokenKind {
  if (isTokenKind(credential as TokenKind)) return credential as TokenKind
  throw new EnclaveError('INVALID_REQUEST', 'this kind of credential has no tokens to renew')
}

/**
 * The answer bound to what the asker wants now: the policy may have changed since the provider was
 * asked.
 */
function bindTo(keyring: Keyring, answered: AnsweredRecord, next: RecordContext): TokenAnswer {
  const opened = openRecord(keyring, answered.context, answered.record)
  try {
    const { header, secrets } = opened.envelope
    const facts = factsOf(requireTokenKind(header.credential), secrets)
    return { head: facts, body: sealRecord(keyring, next, opened.plaintext) }
  } finally {
    opened.wipe()
  }
}

/** What may be told of a credential's tokens. */
export function factsOf(
  { kind, issued }: TokenKind,
  secrets: Readonly<Record<string, Uint8Array>>,
): TokenFacts {
  return {
    expires_at_ms: issued?.expires_at_ms ?? null,
    scopes: issued?.scopes ?? [],
    renewable: kind !== 'oauth2' || secrets['refresh_token'] !== undefined,
  }
}
