import { EnclaveError } from '@holdfast/protocol/channel'
import type { DispatchHead } from '@holdfast/protocol/enclave'
import {
  createDpopVerifier,
  createMemoryReplayStore,
  type DpopVerifier,
  TokenError,
} from '@holdfast/protocol/token'

/** Checks the caller's DPoP proof itself, for credentials whose owner pinned the keys that may use them. */
export class DpopPins {
  readonly #verifier: DpopVerifier

  /** @param now - clock in milliseconds */
  constructor(now: () => number = Date.now) {
    const notBefore = Math.floor(now() / 1000)
    this.#verifier = createDpopVerifier({
      replay: createMemoryReplayStore({ now }),
      notBefore,
      now,
    })
  }

  /**
   * Requires a fresh proof by a pinned key for this dispatch and its access token.
   *
   * @throws EnclaveError `PIN_REFUSED`
   */
  async require(thumbprints: readonly string[], caller: DispatchHead['caller']): Promise<void> {
    const { proof, access_token: accessToken, dispatch_url: url } = caller
    if (proof === undefined || accessToken === undefined) {
      throw refused('the credential may only be used with a DPoP proof')
    }
    try {
      const { jkt } = await this.#verifier.verify({ proof, method: 'POST', url, accessToken })
      if (thumbprints.includes(jkt)) return
    } catch (error) {
      if (error instanceof TokenError) throw refused('the DPoP proof of the caller does not hold')
      throw error
    }
    throw refused('the caller’s DPoP key is not one that the credential’s owner allowed')
  }
}

const refused = (message: string): EnclaveError => new EnclaveError('PIN_REFUSED', message)
