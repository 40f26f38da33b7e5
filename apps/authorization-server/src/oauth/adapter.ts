import { hash } from 'node:crypto'
import type { Storage } from '@holdfast/storage'
import {
  errors,
  type Adapter,
  type AdapterFactory,
  type AdapterPayload,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'

/** What a loser of a race for a code or refresh token is told. */
export const consumeConflict = (): Error =>
  new errors.InvalidGrant('the code or refresh token was used by a concurrent request')

/** What the second user of a DPoP proof is told. */
export const replayConflict = (): Error =>
  new errors.InvalidDpopProof('the DPoP proof was used before: make a new one for each request')

/** Tells the error that {@link replayConflict} made from a failure of the storage. */
export const isReplayConflict = (error: unknown): boolean =>
  error instanceof errors.InvalidDpopProof

export interface AdapterOptions {
  readonly storage: Pick<Storage, 'oidcAdapter'>
  /**
   * Called when the library gives a grant up (reuse of a code or refresh token, revocation by the
   * client), before its answer goes out: the grant's unexpired JWTs must die as well.
   */
  readonly onGrantDestroyed: (grantId: string) => Promise<void>
  /** Called in the same turn as the saving of a refresh token; the answer waits for both. */
  readonly onRefreshToken: (payload: AdapterPayload) => Promise<void>
}

/** The library's models on our storage. */
export function createAdapterFactory(options: AdapterOptions): AdapterFactory {
  return (modelName) => {
    const stored: Adapter = options.storage.oidcAdapter(modelName)
    switch (modelName) {
      case 'Grant':
        return {
          ...stored,
          async destroy(id) {
            await stored.destroy(id)
            await options.onGrantDestroyed(id)
          },
        }
      case 'RefreshToken':
        return {
          ...stored,
          async upsert(id, payload, expiresIn) {
            await Promise.all([
              stored.upsert(id, payload, expiresIn),
              options.onRefreshToken(payload),
            ])
          },
        }
      case 'ReplayDetection':
        return {
          ...stored,
          async upsert(id, payload, expiresIn) {
            await stored.upsert(id, payload, expiresIn).catch((error: unknown) => {
              throw isReplayConflict(error) && id === replayIdOfAssertion()
                ? new errors.InvalidClientAuth('the client assertion was used before')
                : error
            })
          },
        }
      default:
        return stored
    }
  }
}

/**
 * The name under which the library remembers the client assertion of the request under way. The
 * library has one memory for assertions and proofs; only the name tells what was used twice.
 */
function replayIdOfAssertion(): string | undefined {
  const { oidc } = (Provider.ctx ?? {}) as Partial<KoaContextWithOIDC>
  const assertion = oidc?.params?.['client_assertion']
  if (typeof assertion !== 'string') return undefined
  try {
    const { iss, jti } = JSON.parse(
      Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>
    return hash('sha256', `${String(iss)}${String(jti)}`, 'base64url')
  } catch {
    return undefined
  }
}
