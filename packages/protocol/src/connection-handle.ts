import { z } from 'zod'
import { ProtocolError } from './errors.ts'

declare const handleBrand: unique symbol

/** The opaque public name of a Connection: `ddls:conn:<ULID>-<provider>`. Never a secret. */
export type ConnectionHandle = string & { readonly [handleBrand]: true }

/** Longest handle that is accepted, in characters. */
export const maxHandleLength = 128

// Wider than what we issue: older Dedalus handles use `_` after `ddls:conn` and other identifiers.
const handlePattern = /^ddls:conn[:_][A-Za-z0-9_-]+$/
const providerPattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** A provider's catalog name: lower-case letters, digits and inner dashes, 1 to 40 characters. */
export const providerNameSchema = z
  .string()
  .regex(providerPattern, 'use 1 to 40 lower-case letters, digits and inner dashes')

/** Tells whether a string is a handle by the ASCII grammar, fully anchored. */
export function isConnectionHandle(value: unknown): value is ConnectionHandle {
  return typeof value === 'string' && value.length <= maxHandleLength && handlePattern.test(value)
}

/**
 * The handle that a string spells.
 *
 * @throws ProtocolError `INVALID_HANDLE`
 */
export function parseConnectionHandle(value: string): ConnectionHandle {
  if (isConnectionHandle(value)) return value
  throw new ProtocolError(
    'INVALID_HANDLE',
    'not a connection handle: expected ddls:conn:<id>-<provider> in ASCII letters, digits, "_" and "-"',
  )
}

/**
 * The handle of a new Connection.
 *
 * @param ulid - 26 characters of Crockford base 32, made by the control plane
 * @param provider - the provider's catalog name, such as `github`
 * @throws ProtocolError `INVALID_HANDLE`
 */
export function formatConnectionHandle(ulid: string, provider: string): ConnectionHandle {
  if (!ulidPattern.test(ulid) || !providerPattern.test(provider)) {
    throw new ProtocolError('INVALID_HANDLE', 'a handle needs a ULID and a provider name')
  }
  return parseConnectionHandle(`ddls:conn:${ulid}-${provider}`)
}

/** The provider that a handle made by {@link formatConnectionHandle} spells; undefined for another's. */
export const providerOfHandle = (handle: string): string | undefined =>
  /^ddls:conn:[0-7][0-9A-HJKMNP-TV-Z]{25}-(.+)$/.exec(handle)?.[1]

/** Zod schema of {@link ConnectionHandle}. */
export const connectionHandleSchema = z
  .string()
  .max(maxHandleLength)
  .regex(handlePattern, 'not a connection handle')
  .transform((value) => value as ConnectionHandle)
