import { hash } from 'node:crypto'
import type { Storage, TrustedIssuer } from '@holdfast/storage'
import {
  decodeJwt,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from 'jose'
import type { AppContext } from '../context.ts'
import { isReplayConflict } from '../oauth/adapter.ts'
import { createKeySets, issuerKeyUses } from '../outbound/key-sets.ts'
import { AssertionError } from './errors.ts'
import { createIssuerKeys } from './issuer-keys.ts'
import { type KnownIssuer, knownIssuer } from './issuers.ts'
import { rememberFor } from './remember.ts'
import type { IssuerUse } from './trust.ts'

/** What a trusted issuer said, checked. */
export interface VerifiedAssertion {
  readonly issuer: KnownIssuer
  readonly claims: JWTPayload & { readonly iss: string; readonly sub: string }
}

export interface ExpectedAssertion {
  readonly use: IssuerUse
  /** Accepted `typ` headers in lower case; undefined stands for none. */
  readonly types: readonly (string | undefined)[]
  /** Accepted `aud` values. */
  readonly audience: readonly string[]
  /** True when `aud` must hold one value and no other. */
  readonly singleAudience: boolean
  /** Longest life in seconds; undefined = as the issuer likes. */
  readonly maxLifetime: number | undefined
}

/** @throws AssertionError */
export type VerifyAssertion = (
  text: string,
  expected: (issuer: KnownIssuer) => ExpectedAssertion,
) => Promise<VerifiedAssertion>

/** Symmetric algorithms and `none` are left out: a public key must never be taken for a secret. */
const algorithms = ['ES256', 'RS256', 'EdDSA', 'Ed25519']
const maxLength = 16_384
const clockToleranceSeconds = 30

/** Makes the check of what other servers signed. */
export function createAssertionVerifier({
  storage,
  outbound,
  clock,
}: Pick<AppContext, 'storage' | 'outbound' | 'clock'>): VerifyAssertion {
  const findKeys = createIssuerKeys(createKeySets({ outbound, clock, uses: issuerKeyUses }))
  const rulesOf = rememberFor(knownIssuer)
  return async (text, expected) => {
    const issuer = rulesOf(await findIssuer(storage, text))
    const wanted = expected(issuer)
    if (!issuer.trust.uses.includes(wanted.use)) {
      throw new AssertionError(`its issuer is not trusted for ${wanted.use}`)
    }
    const { payload, protectedHeader } = await checkSignature(text, await findKeys(issuer), {
      algorithms,
      issuer: issuer.issuer,
      audience: [...wanted.audience],
      requiredClaims: ['exp', 'iat', 'sub'],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(clock()),
    })
    const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '')
    if (!wanted.types.includes(type)) throw new AssertionError('it is of another type (typ)')
    if (wanted.singleAudience && [payload.aud].flat().length !== 1) {
      throw new AssertionError('it is made out to more than one audience')
    }
    checkTimes(payload, wanted.maxLifetime, clock() / 1000)
    if (typeof payload.sub !== 'string' || payload.sub === '' || payload.sub.length > 512) {
      throw new AssertionError('it has no sub')
    }
    return { issuer, claims: payload as VerifiedAssertion['claims'] }
  }
}

async function checkSignature(
  text: string,
  findKey: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(text, findKey, options)
  } catch (cause) {
    // What is no error of JOSE is a key that cannot be read, or is too weak to be used.
    throw new AssertionError(isJose(cause) ? reasonOf(cause) : unusable, { cause })
  }
}

/** Uses an assertion up. @throws AssertionError for the second of any number of requests */
export async function spendAssertion(
  storage: Pick<Storage, 'oidcAdapter'>,
  { issuer, claims }: VerifiedAssertion,
  nowMs: number,
): Promise<void> {
  const { jti } = claims
  if (typeof jti !== 'string' || jti === '' || jti.length > 512) {
    throw new AssertionError('it has no jti')
  }
  const name = hash('sha256', JSON.stringify(['assertion', issuer.issuer, jti]), 'base64url')
  const seconds = Math.ceil((claims.exp ?? 0) - nowMs / 1000) + 2 * clockToleranceSeconds
  try {
    await storage.oidcAdapter('ReplayDetection').upsert(name, {}, seconds)
  } catch (error) {
    if (!(error instanceof Error) || !isReplayConflict(error)) throw error
    throw new AssertionError('it was used already', { cause: error })
  }
}

async function findIssuer({ trustedIssuers }: Storage, text: string): Promise<TrustedIssuer> {
  let claimed: unknown
  try {
    claimed = text.length <= maxLength ? decodeJwt(text).iss : undefined
  } catch {
    throw new AssertionError('it is no JWT')
  }
  const issuer =
    typeof claimed === 'string' ? await trustedIssuers.findByIssuer(claimed) : undefined
  if (!issuer) throw new AssertionError('its issuer is not trusted by this server')
  return issuer
}

function checkTimes(
  { iat = 0, exp = 0 }: JWTPayload,
  maxLifetime: number | undefined,
  nowSeconds: number,
): void {
  if (iat > nowSeconds + clockToleranceSeconds)
    throw new AssertionError('it is of the future (iat)')
  if (maxLifetime !== undefined && exp - iat > maxLifetime) {
    throw new AssertionError(`it lives longer than ${maxLifetime} seconds`)
  }
}

const isJose = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code.startsWith('ERR_J')

const unusable = 'it is malformed, or signed in a way that is not accepted'

const reasons: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'it has expired',
  ERR_JWKS_NO_MATCHING_KEY: 'its issuer has no such key',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature does not verify',
  ERR_JOSE_ALG_NOT_ALLOWED: 'its algorithm is not one of ES256, RS256 and EdDSA',
}

function reasonOf(error: { readonly code: string; readonly claim?: unknown }): string {
  const known = reasons[error.code]
  if (known !== undefined) return known
  return error.code === 'ERR_JWT_CLAIM_VALIDATION_FAILED' && typeof error.claim === 'string'
    ? `its ${error.claim} is not what this server expects`
    : unusable
}
