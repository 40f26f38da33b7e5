import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { TokenKind } from '@holdfast/protocol'
import { EnclaveError } from '@holdfast/protocol/channel'
import { SignJWT } from 'jose'

const lifeSeconds = 300
/** Providers whose clock is behind refuse what seems to come from the future. */
const skewSeconds = 30

/**
 * The private key of a PEM, read from its bytes. PKCS #8 and PKCS #1 both.
 *
 * @throws EnclaveError `INVALID_ENVELOPE` when it is none, or none for this algorithm
 */
export function readPrivateKey(pem: Uint8Array, algorithm: 'RS256' | 'ES256'): KeyObject {
  const key = parsed(pem)
  const fits =
    algorithm === 'RS256'
      ? key?.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
      : key?.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  if (key && fits) return key
  throw new EnclaveError(
    'INVALID_ENVELOPE',
    algorithm === 'RS256'
      ? 'the private key is not an RSA key in PEM of at least 2048 bits'
      : 'the private key is not a P-256 key in PEM',
  )
}

function parsed(pem: Uint8Array): KeyObject | undefined {
  const copy = Buffer.from(pem)
  try {
    return createPrivateKey({ key: copy, format: 'pem' })
  } catch {
    return undefined
  } finally {
    copy.fill(0)
  }
}

/** The assertion of a service account. @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-3} */
export function signAssertion(
  kind: Extract<TokenKind, { kind: 'jwt_bearer' }>,
  pem: Uint8Array,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const scopes = kind.scopes_in === 'assertion' ? kind.scopes : undefined
  return new SignJWT({
    jti: crypto.randomUUID(),
    ...(scopes && { scope: scopes.join(' ') }),
  })
    .setProtectedHeader({
      alg: kind.algorithm,
      typ: 'JWT',
      ...(kind.key_id !== undefined && { kid: kind.key_id }),
    })
    .setIssuer(kind.issuer)
    .setSubject(kind.subject ?? kind.issuer)
    .setAudience(kind.audience ?? kind.token_endpoint)
    .setIssuedAt(now)
    .setExpirationTime(now + lifeSeconds)
    .sign(readPrivateKey(pem, kind.algorithm))
}

/** The token of the app itself, with which an installation token is asked for. */
export function signAppToken(appId: string, pem: Uint8Array): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({})
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(appId)
    .setIssuedAt(now - skewSeconds)
    .setExpirationTime(now + lifeSeconds)
    .sign(readPrivateKey(pem, 'RS256'))
}
