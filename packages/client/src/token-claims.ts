import { fromBase64url, utf8Text } from '@holdfast/protocol'
import { ClientError } from './errors.ts'

/** The claims of an access token, read and not verified: to show them, or to know whose it is. */
export function readClaims(accessToken: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(utf8Text(fromBase64url(accessToken.split('.')[1] ?? '')))
    if (typeof claims === 'object' && claims !== null) return claims as Record<string, unknown>
  } catch {
    // Not a JWT: said below.
  }
  throw new ClientError('SERVER_ERROR', 'the access token is not a JWT')
}

/** Whose token it is. */
export function subjectOf(accessToken: string): string {
  const { sub } = readClaims(accessToken)
  if (typeof sub === 'string') return sub
  throw new ClientError('SERVER_ERROR', 'the access token names no subject')
}
