import { hash } from 'node:crypto'
import type { Client } from '@holdfast/storage'
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { rememberFor } from '../assertions/remember.ts'
import type { AppContext } from '../context.ts'
import { clientKeyUses, createKeySets } from '../outbound/key-sets.ts'
import { isReplayConflict } from './adapter.ts'
import { routes } from './routes.ts'

/** Value of `client_assertion_type`. @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.2} */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Algorithms of client assertions. */
export const assertionAlgorithms = ['ES256', 'RS256'] as const

/** Longest life that an assertion may claim: it must be remembered for as long. */
export const maxAssertionSeconds = 600

/** The client that an assertion names, unverified; undefined when it cannot be read. */
export function assertedClient(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).sub
  } catch {
    return undefined
  }
}

/**
 * True when no other server is named beside us, which could use the assertion here before its client does.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-3}
 */
export const isForUsAlone = (audience: JWTPayload['aud'], issuer: string): boolean =>
  [audience].flat().every((one) => one === issuer || one?.startsWith(`${issuer}/`) === true)

/**
 * Tells whether an assertion was made by the client, for us, now, and is used for the first time.
 *
 * @param from - address of the caller
 */
export type CheckAssertion = (client: Client, assertion: string, from: string) => Promise<boolean>

/** Makes the check for the endpoints that we serve beside the library. */
export function createAssertionCheck({
  config,
  storage,
  outbound,
  clock,
}: Pick<AppContext, 'config' | 'storage' | 'outbound' | 'clock'>): CheckAssertion {
  const keySets = createKeySets({ outbound, clock, uses: clientKeyUses })
  const replays = storage.oidcAdapter('ReplayDetection')
  const imported = rememberFor(createLocalJWKSet)
  const audience = [config.issuer, config.issuer + routes.token]

  async function keysOf({ metadata }: Client, from: string): Promise<JSONWebKeySet | undefined> {
    const { jwks, jwks_uri: uri } = metadata
    if (typeof jwks === 'object') return jwks as unknown as JSONWebKeySet
    if (typeof uri !== 'string') return undefined
    return (await keySets.get(uri, from)).keySet
  }

  /** What the client says; undefined when it did not, for any reason that is its own or its keys'. */
  async function read(
    client: Client,
    assertion: string,
    from: string,
    nowMs: number,
  ): Promise<JWTPayload | undefined> {
    try {
      const keys = await keysOf(client, from)
      if (!keys) return undefined
      const { payload } = await jwtVerify(assertion, imported(keys), {
        algorithms: [...assertionAlgorithms],
        issuer: client.clientId,
        subject: client.clientId,
        audience,
        requiredClaims: ['exp', 'jti'],
        currentDate: new Date(nowMs),
      })
      return isForUsAlone(payload.aud, config.issuer) ? payload : undefined
    } catch {
      return undefined
    }
  }

  return async (client, assertion, from) => {
    const nowMs = clock()
    const payload = await read(client, assertion, from, nowMs)
    if (!payload) return false
    try {
      const seconds = (payload.exp ?? 0) - Math.floor(nowMs / 1000)
      if (seconds > maxAssertionSeconds || !payload.jti) return false
      // The name under which the library remembers it: no assertion serves at two endpoints.
      const name = hash('sha256', `${client.clientId}${payload.jti}`, 'base64url')
      await replays.upsert(name, {}, seconds + 1)
      return true
    } catch (error) {
      if (error instanceof Error && isReplayConflict(error)) return false
      throw error
    }
  }
}
