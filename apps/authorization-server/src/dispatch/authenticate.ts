import type { IncomingMessage } from 'node:http'
import { formatChallenge, TokenError } from '@holdfast/protocol/token'
import type { AppContext } from '../context.ts'
import { authenticateRunner, runnerHeaders } from './authenticate-runner.ts'
import { authenticateToken } from './authenticate-token.ts'
import type { Caller } from './caller.ts'
import { headerValues } from './header-values.ts'
import { createProofVerifier } from './proof-verifier.ts'
import { CallerRefusal, DispatchRefusal } from './refusal.ts'
import { createSeenOnce } from './seen-once.ts'
import { createOwnTokenVerifier } from './token-verifier.ts'

/** Tells who sends a dispatch. */
export type Authenticate = (request: IncomingMessage, body: Uint8Array) => Promise<Caller>

/**
 * Makes the check of the caller: a DPoP-bound token, or a Dedalus runner's signature with its user's
 * token. Revoked users, clients, grants and tokens are refused with the token.
 *
 * The check throws CallerRefusal, or DispatchRefusal `DOWNSTREAM_RATE_LIMITED` when no more proofs can
 * be remembered.
 */
export function createAuthenticate(
  context: Pick<AppContext, 'storage' | 'clock' | 'processStart' | 'verifyToken' | 'proofNonces'>,
  dispatchUrl: string,
): Authenticate {
  const { storage, clock, verifyToken, proofNonces } = context
  const tokens = createOwnTokenVerifier(verifyToken)
  const signatures = createSeenOnce({ storage, clock })
  const proofs = createProofVerifier(context)

  return async ({ headers, rawHeaders }, body) => {
    const authorization = headerValues(rawHeaders, 'authorization')
    const runner = runnerHeaders(headers)
    try {
      return runner
        ? await authenticateRunner(runner, body, authorization, {
            storage,
            tokens,
            signatures,
            clock,
          })
        : await authenticateToken(
            {
              method: 'POST',
              url: dispatchUrl,
              authorization,
              dpop: headerValues(rawHeaders, 'dpop'),
            },
            { tokens, proofs, dispatchUrl, nonce: proofNonces?.accepts },
          )
    } catch (error) {
      throw error instanceof TokenError ? toRefusal(error, proofNonces?.current()) : error
    }
  }
}

/** Every refused token is a 401 here: Dedalus clients read 403 as "connection not found". */
function toRefusal(error: TokenError, nonce: string | undefined): CallerRefusal | DispatchRefusal {
  if (error.code === 'temporarily_unavailable') {
    return new DispatchRefusal('DOWNSTREAM_RATE_LIMITED', error.reason, { cause: error })
  }
  const challenge = formatChallenge(error, { dpop: 'required', scopes: ['dispatch'] })
  return new CallerRefusal(401, error.reason, challenge, error.nonce ?? nonce)
}
