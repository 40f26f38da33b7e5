import {
  type AccessTokenVerifier,
  authorizeRequest,
  type DpopVerifier,
  TokenError,
  type TokenRequest,
  type VerifiedAccessToken,
} from '@holdfast/protocol/token'
import { type Caller, callerOf } from './caller.ts'

export interface TokenCallerOptions {
  readonly tokens: AccessTokenVerifier
  readonly proofs: DpopVerifier
  /** Audience of dispatch tokens, and the URL that their proofs must name. */
  readonly dispatchUrl: string
  /** Accepts the nonces that proofs must carry; absent when they need none. */
  readonly nonce?: ((nonce: string) => boolean) | undefined
}

/**
 * The caller of a DPoP-bound dispatch token: a resource's own client by token exchange (`act`), or a
 * user's own agent.
 *
 * @throws TokenError
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693#section-4.1}
 */
export async function authenticateToken(
  request: TokenRequest,
  { tokens, proofs, dispatchUrl, nonce }: TokenCallerOptions,
): Promise<Caller> {
  const token = await authorizeRequest(request, {
    tokens,
    proofs,
    dpop: 'required',
    audience: dispatchUrl,
    scopes: ['dispatch'],
    ...(nonce && { nonce }),
  })
  const [, presented = ''] = request.authorization[0]?.trim().split(/ +/) ?? []
  return callerOf(token, {
    ...actorOf(token, dispatchUrl),
    proof: { proof: request.dpop[0] ?? '', token: presented },
  })
}

function actorOf(
  token: VerifiedAccessToken,
  dispatchUrl: string,
): Pick<Caller, 'via' | 'clientId' | 'resource'> {
  const { actors, resource, clientId } = token
  const [actor] = actors
  // Revocation goes by `client_id`: an actor beside it would escape.
  if (actor !== undefined && actor === clientId && resource !== undefined) {
    return { via: 'exchange', clientId, resource }
  }
  if (actor === undefined && resource === undefined) {
    return { via: 'direct', clientId, resource: dispatchUrl }
  }
  // Half an exchange: which resource's policy counts would be a guess.
  throw new TokenError('invalid_token', 'the token is neither exchanged nor direct')
}
