import { EnclaveError } from '@holdfast/protocol/channel'
import {
  AuthorizationResponseError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi'

/** Whose secret a provider refuses when it refuses the client. */
export type ClientOwner = 'connection' | 'operator'

const transient: ReadonlySet<string> = new Set([
  'server_error',
  'slow_down',
  'temporarily_unavailable',
])

/** Codes that may be repeated: a provider's own text may hold anything, also what it was sent. */
const known: ReadonlySet<string> = new Set([
  'access_denied',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
])

/** The grant behind a token is gone. */
export const needsReconnect = (message: string): EnclaveError =>
  new EnclaveError('NEEDS_RECONNECT', message)

/** The provider says that the refresh token is over. */
export const endedAtProvider = (): EnclaveError =>
  needsReconnect('the provider no longer accepts the stored authorization')

/**
 * What a failed request for tokens means. Nothing of the provider's answer is passed on but a code of
 * OAuth's own.
 */
export function tokenFailure(error: unknown, client: ClientOwner): EnclaveError {
  if (error instanceof EnclaveError) return error
  const code = oauthCode(error)
  if (code === undefined) {
    return new EnclaveError(
      'DOWNSTREAM_UNREACHABLE',
      'the token endpoint’s answer is not one of OAuth',
    )
  }
  if (transient.has(code)) {
    return new EnclaveError('DOWNSTREAM_UNREACHABLE', 'the provider’s token endpoint fails')
  }
  if (code === 'invalid_grant') {
    return endedAtProvider()
  }
  const isClient = code === 'invalid_client' || code === 'unauthorized_client'
  if (isClient && client === 'connection') {
    return needsReconnect('the provider no longer accepts the stored client secret or key')
  }
  const name = known.has(code) ? `: ${code}` : ''
  return new EnclaveError(
    'TOKEN_REFUSED',
    isClient
      ? 'the provider does not accept the OAuth app; its administrator must check client id and secret'
      : `the provider refuses to give a token${name}`,
  )
}

function oauthCode(error: unknown): string | undefined {
  if (error instanceof ResponseBodyError) return error.error
  // RFC 6749 section 5.2: a refused client is answered with 401 and a challenge.
  if (error instanceof WWWAuthenticateChallengeError) return 'invalid_client'
  if (error instanceof AuthorizationResponseError) return error.error
  return undefined
}

/** What a failed code exchange or a bad authorization response means. */
export function authorizationFailure(error: unknown): EnclaveError {
  if (error instanceof AuthorizationResponseError) {
    return refusedAuthorization(
      error.error === 'access_denied'
        ? 'it was not allowed at the provider'
        : 'the provider answered with an error',
    )
  }
  const failure = tokenFailure(error, 'operator')
  if (failure.code !== 'NEEDS_RECONNECT') return failure
  return refusedAuthorization('the provider does not accept the code; start again')
}

/** An authorization response that leads to no tokens. */
export const refusedAuthorization = (message: string): EnclaveError =>
  new EnclaveError('AUTHORIZATION_REFUSED', message)
