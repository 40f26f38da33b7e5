import { createPublicKey } from 'node:crypto'
import { z } from 'zod'

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth', 'priv']

type Jwk = Readonly<Record<string, unknown>>

/** True for a key of an algorithm with which clients sign here. */
export const isKnownKind = ({ kty, crv }: Jwk): boolean =>
  kty === 'RSA' || (kty === 'EC' && crv === 'P-256')

/** True when a key, or something that only a private one has, is in it. */
export const isPrivate = (jwk: Jwk): boolean => privateMembers.some((member) => member in jwk)

/** What is wrong with a public key of a client; undefined when nothing is. */
export function keyProblem(jwk: Jwk): string | undefined {
  if (isPrivate(jwk)) return 'must hold public keys only'
  if (!isKnownKind(jwk)) return 'must hold EC P-256 keys (ES256) or RSA keys (RS256)'
  try {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    const bits = key.asymmetricKeyDetails?.modulusLength
    return bits !== undefined && bits < 2048
      ? 'must hold RSA keys of at least 2048 bits'
      : undefined
  } catch {
    return 'holds a key that cannot be read'
  }
}

/** A client's public keys. @see {@link https://www.rfc-editor.org/rfc/rfc7517#section-5} */
export const clientKeysSchema = z
  .strictObject({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(10) })
  .superRefine(({ keys }, check) => {
    for (const [i, key] of keys.entries()) {
      const message = keyProblem(key)
      if (message !== undefined) check.addIssue({ code: 'custom', path: ['keys', i], message })
    }
  })

/** Where a client publishes its keys; what is fetched from it goes through the guarded fetch. */
export const keysUriSchema = z.string().max(2048).refine(isHttpsUri, 'must be an https URL')

function isHttpsUri(uri: string): boolean {
  const url = URL.parse(uri)
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === ''
}
