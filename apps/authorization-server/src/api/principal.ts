import type { IncomingMessage } from 'node:http'
import { authorizeRequest, formatChallenge, TokenError } from '@holdfast/protocol/token'
import type { User } from '@holdfast/storage'
import type { AppContext } from '../context.ts'
import { createProofVerifier } from '../dispatch/proof-verifier.ts'
import { createOwnTokenVerifier } from '../dispatch/token-verifier.ts'
import { ApiProblem } from './problem.ts'

/** Scopes of the management API. */
export const apiScopes = [
  'connections:read',
  'connections:write',
  'grants:read',
  'grants:write',
  'api-keys',
  'admin',
] as const
export type ApiScope = (typeof apiScopes)[number]

/** The signed-in user behind a request. */
export interface Principal {
  readonly user: User
  readonly clientId: string
  readonly scopes: readonly string[]
}

/** What an operation demands of its caller. */
export interface Demand {
  readonly scope: ApiScope
}

/** Tells who calls the management API. @throws ApiProblem 401, 403 */
export type Identify = (
  request: IncomingMessage,
  path: string,
  demand: Demand,
) => Promise<Principal>

/**
 * Makes the check of callers: a DPoP-bound token for `<issuer>/v1` with the needed scope, of a user
 * who may sign in; for `admin` also an administrator.
 */
export function createIdentify(
  context: Pick<
    AppContext,
    'config' | 'storage' | 'verifyToken' | 'clock' | 'processStart' | 'proofNonces'
  >,
): Identify {
  const { config, storage, verifyToken, proofNonces } = context
  const tokens = createOwnTokenVerifier(verifyToken)
  const proofs = createProofVerifier(context)

  return async (request, path, { scope }) => {
    const { headersDistinct, method = 'GET' } = request
    const token = await authorizeRequest(
      {
        method,
        url: `${config.issuer}${path}`,
        authorization: headersDistinct['authorization'] ?? [],
        dpop: headersDistinct['dpop'] ?? [],
      },
      {
        tokens,
        proofs,
        dpop: 'required',
        audience: `${config.issuer}/v1`,
        scopes: [scope],
        ...(proofNonces && { nonce: proofNonces.accepts }),
      },
    ).catch((error: unknown) => {
      throw error instanceof TokenError ? toProblem(error, scope, proofNonces?.current()) : error
    })
    const user = await storage.users.find(token.subject)
    if (user?.status !== 'active') {
      throw new ApiProblem('USER_REQUIRED', 'the token does not act for a user who may sign in')
    }
    if (scope === 'admin' && user.role !== 'admin') {
      throw new ApiProblem('ADMIN_REQUIRED', 'you are not an administrator of this server')
    }
    return { user, clientId: token.clientId, scopes: token.scopes }
  }
}

function toProblem(error: TokenError, scope: ApiScope, usual: string | undefined): ApiProblem {
  const nonce = error.nonce ?? usual
  const code = error.code === 'insufficient_scope' ? 'INSUFFICIENT_SCOPE' : 'UNAUTHORIZED'
  const challenge = formatChallenge(error, { dpop: 'required', scopes: [scope] })
  return new ApiProblem(code, error.reason, {
    cause: error,
    headers: { 'WWW-Authenticate': challenge, ...(nonce !== undefined && { 'DPoP-Nonce': nonce }) },
  })
}
