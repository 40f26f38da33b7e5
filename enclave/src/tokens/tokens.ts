import { randomBytes } from 'node:crypto'
import { type CredentialEnvelope, encodeEnvelope, type RecordContext } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import type { TokenEndpointResponse } from 'oauth4webapi'
import type { Keyring } from '../keyring.ts'
import { allocateSecret } from '../secret-bytes.ts'
import { sealRecord } from '../vault-record.ts'

/** Tokens as a provider gave them. */
export interface Tokens {
  readonly accessToken: Buffer
  /** Undefined when the provider gave none with this answer. */
  readonly refreshToken: Buffer | undefined
  readonly expiresAtMs: number | null
  /** Undefined when the provider did not say. */
  readonly scopes: readonly string[] | undefined
}

const maxTokenLength = 16_384
const maxScopesLength = 8192
const visible = /^[\x21-\x7e]+$/
/** Ten years: what a provider names beyond is no date. */
const longestMs = 315_360_000_000

/** Turns a token answer into bytes. @throws EnclaveError `DOWNSTREAM_UNREACHABLE` */
export function readTokens(answer: TokenEndpointResponse, askedAtMs: number): Tokens {
  const { expires_in: seconds, scope } = answer
  const scopes = scope?.split(/[ ,]+/).filter((name) => name !== '')
  return {
    accessToken: tokenBytes(answer.access_token),
    refreshToken: answer.refresh_token ? tokenBytes(answer.refresh_token) : undefined,
    expiresAtMs:
      seconds === undefined ? null : Math.round(askedAtMs + Math.min(seconds * 1000, longestMs)),
    scopes: scopes && boundedScopes(scopes),
  }
}

/**
 * As many scopes as fit into a record beside the tokens: too many must not cost the answer, whose refresh
 * token may be the only one left.
 */
export function boundedScopes(scopes: readonly string[]): string[] {
  let length = 0
  return scopes.slice(0, 200).filter((name) => {
    length += name.length
    return name.length <= 512 && length <= maxScopesLength
  })
}

/** A token that can stand in a header. */
export function tokenBytes(token: string): Buffer {
  if (token.length > maxTokenLength || !visible.test(token)) {
    throw new EnclaveError(
      'DOWNSTREAM_UNREACHABLE',
      'the provider gave a token that cannot be sent',
    )
  }
  const bytes = allocateSecret(token.length)
  bytes.write(token, 'latin1')
  return bytes
}

/** A credential whose tokens are written into its own envelope. */
export interface Issued {
  readonly header: Omit<CredentialEnvelope['header'], 'v' | 'fields'>
  readonly secrets: CredentialEnvelope['secrets']
  readonly tokens: Tokens
  /** Scopes to note when the provider did not say. */
  readonly scopes: readonly string[]
}

/** Writes a vault record that holds new tokens, and wipes them. */
export function sealIssued(
  keyring: Keyring,
  context: RecordContext,
  { header, secrets, tokens, scopes }: Issued,
): Buffer {
  const { base_url, binding, credential } = header
  const issued = {
    generation: randomBytes(16).toString('base64url'),
    expires_at_ms: tokens.expiresAtMs,
    scopes: [...(tokens.scopes ?? scopes)],
  }
  const encoded = encodeEnvelope({
    header: { base_url, binding, credential: { ...credential, issued } as typeof credential },
    secrets: {
      ...secrets,
      access_token: tokens.accessToken,
      ...(tokens.refreshToken && { refresh_token: tokens.refreshToken }),
    },
  })
  try {
    return sealRecord(keyring, context, encoded)
  } finally {
    encoded.fill(0)
    tokens.accessToken.fill(0)
    tokens.refreshToken?.fill(0)
  }
}
