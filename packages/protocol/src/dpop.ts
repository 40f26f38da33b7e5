import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { BoundedCache } from './bounded-cache.ts'
import { dpopAlgorithms, type DpopPublicJwk, jwkThumbprint, readPublicJwk } from './dpop-key.ts'
import { normalizeHtu } from './dpop-uri.ts'
import { inRange } from './number-range.ts'
import type { ProcessStart } from './process-start.ts'
import type { ReplayStore } from './replay.ts'
import { type Sha256, webSha256 } from './sha256.ts'
import { TokenError } from './token-error.ts'
import {
  type ImportProofKey,
  type VerifyProof,
  type VerifySignature,
  webImportProofKey,
  webVerifySignature,
} from './verify-signature.ts'

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

const maxProofLength = 8192

const refuse = (reason: string, cause?: unknown): never => {
  throw new TokenError('invalid_dpop_proof', reason, cause === undefined ? {} : { cause })
}

interface ProofHeader {
  readonly alg: string
  readonly jwk: DpopPublicJwk
}

function decodeHeader(proof: string): ProofHeader {
  try {
    const { alg, typ, jwk, crit } = decodeProtectedHeader(proof)
    if (typ !== 'dpop+jwt') return refuse('the proof is not of type dpop+jwt')
    if (typeof alg !== 'string' || !(dpopAlgorithms as readonly string[]).includes(alg)) {
      return refuse('the proof uses an algorithm that is not allowed')
    }
    if (crit !== undefined) return refuse('the proof has critical headers that are not understood')
    const publicJwk = readPublicJwk(jwk, alg)
    if (publicJwk === undefined) return refuse("the proof's jwk is not a public key of its alg")
    return { alg, jwk: publicJwk }
  } catch (error) {
    if (error instanceof TokenError) throw error
    return refuse('the proof is not a JWT', error)
  }
}

function decodeClaims(proof: string): JWTPayload {
  try {
    return decodeJwt(proof)
  } catch (error) {
    return refuse('the proof is not a JWT', error)
  }
}

/** The key of a verified token's holder, with the proof header that named it last. */
interface KnownKey {
  readonly alg: string
  readonly verifyProof: VerifyProof
  /** First part of the proof: a client sends the same one with every proof. */
  readonly header: string
}

const headerOf = (proof: string): string => proof.slice(0, Math.max(0, proof.indexOf('.')))

/**
 * Makes a verifier of DPoP proofs. Everything that costs nothing is checked before the signature, and
 * a proof is accepted once.
 *
 * @throws RangeError for numbers that cannot be
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449#section-4.3}
 */
export function createDpopVerifier(options: DpopVerifierOptions): DpopVerifier {
  const { replay, sha256 = webSha256 } = options
  const maxAgeSeconds = inRange('maxAgeSeconds', options.maxAgeSeconds ?? 60, 0)
  const clockToleranceSeconds = inRange(
    'clockToleranceSeconds',
    options.clockToleranceSeconds ?? 30,
    0,
  )
  const { verifySignature = webVerifySignature, notBefore = Number.NEGATIVE_INFINITY } = options
  const start = typeof notBefore === 'number' ? { seconds: () => notBefore } : notBefore
  const { importProofKey = webImportProofKey(verifySignature) } = options
  const now = options.now ?? Date.now
  /** By thumbprint. */
  const keys = new BoundedCache<KnownKey>(inRange('keyCacheSize', options.keyCacheSize ?? 2000, 0))
  let lastTarget: string | undefined

  const issuedAt = (claims: JWTPayload): number => {
    const seconds = now() / 1000
    const { iat } = claims
    if (typeof iat !== 'number' || !Number.isFinite(iat)) return refuse('the proof has no iat')
    if (iat < seconds - maxAgeSeconds) return refuse('the proof is too old')
    if (iat > seconds + clockToleranceSeconds) return refuse('the proof is of the future')
    return iat
  }
  const checkTarget = (claims: JWTPayload, check: DpopCheck): void => {
    const { htm, htu } = claims
    if (htm !== check.method) refuse('the proof is for another method')
    if (typeof htu !== 'string') return refuse('the proof has no htu')
    // Nearly every proof spells the URL as the server does, which then needs no parsing.
    if (htu === check.url && htu === lastTarget) return
    const expected = normalizeHtu(check.url)
    if (expected === undefined || normalizeHtu(htu) !== expected) {
      refuse('the proof is for another URL')
    }
    lastTarget = check.url
  }
  const checkTokenHash = (claims: JWTPayload, expected: string | undefined): void => {
    if (expected === undefined) return
    if (claims['ath'] === undefined) refuse('the proof has no ath')
    if (claims['ath'] !== expected) refuse('the proof is for another access token')
  }
  const checkStartNonce = (given: unknown): void => {
    const reason = 'the proof is older than this process; make a new one'
    if (!('nonce' in start)) return refuse(reason)
    const nonce = start.nonce()
    if (given !== nonce) throw new TokenError('use_dpop_nonce', reason, { nonce })
  }
  const checkNonce = (claims: JWTPayload, iat: number, check: DpopCheck): void => {
    const { nonce: expected } = check
    const given = claims['nonce']
    if (iat < start.seconds()) return checkStartNonce(given)
    if (expected === undefined) return
    const isGood =
      typeof expected === 'string'
        ? given === expected
        : typeof given === 'string' && expected(given)
    if (!isGood) {
      throw new TokenError('use_dpop_nonce', 'the proof must carry the nonce of this server')
    }
  }

  return {
    verify: async (check) => {
      const { proof, expectedJkt } = check
      if (proof.length > maxProofLength) refuse('the proof is too long')
      const header = headerOf(proof)
      const held = expectedJkt === undefined ? undefined : keys.get(expectedJkt)
      // What this text says of algorithm and key was checked when it was remembered.
      const known = held !== undefined && held.header === header ? held : undefined
      const named = known === undefined ? decodeHeader(proof) : undefined
      const claims = decodeClaims(proof)
      checkTarget(claims, check)
      const iat = issuedAt(claims)
      const { jti } = claims
      if (typeof jti !== 'string' || jti.length === 0 || jti.length > 256) {
        return refuse('the proof has no usable jti')
      }
      const hash =
        check.accessTokenHash ??
        (check.accessToken === undefined ? undefined : await sha256(check.accessToken))
      checkTokenHash(claims, hash)
      checkNonce(claims, iat, check)
      const jkt = named === undefined ? expectedJkt! : await jwkThumbprint(named.jwk, sha256)
      if (expectedJkt !== undefined && jkt !== expectedJkt) {
        return refuse('the proof is signed by another key than the token names')
      }
      try {
        const { alg } = known ?? named!
        const found = held?.alg === alg ? held.verifyProof : importProofKey(named!.jwk, alg)
        const verifyProof = typeof found === 'function' ? found : await found
        const pending = verifyProof(proof)
        if (pending) await pending
        // Only keys that a verified token names: whoever holds no token cannot push others out.
        if (known === undefined && expectedJkt !== undefined) {
          keys.set(jkt, { alg, verifyProof, header })
        }
      } catch (error) {
        return refuse('the proof has a wrong signature', error)
      }
      const used = replay.use(`${jkt}.${jti}`, (iat + maxAgeSeconds) * 1000)
      if (!(typeof used === 'boolean' ? used : await used)) {
        return refuse('the proof was used before')
      }
      return { jkt, jti, issuedAt: iat }
    },
  }
}
