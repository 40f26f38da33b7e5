import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose'

/** A signing key of one test issuer, and tokens signed by it. */
export interface TokenSigner {
  /** What `jwks_uri` answers. */
  readonly keys: JSONWebKeySet
  readonly sign: (claims: Readonly<Record<string, unknown>>) => Promise<string>
}

/** Makes an ES256 key that exists only in this process. */
export async function createTokenSigner(issuer: string): Promise<TokenSigner> {
  const kid = crypto.randomUUID()
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }
  return {
    keys: { keys: [jwk] },
    sign: (claims) =>
      new SignJWT({ iss: issuer, jti: crypto.randomUUID(), ...claims })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
        .sign(privateKey),
  }
}
