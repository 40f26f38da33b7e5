import { type GrantedConnectionDetail, grantedConnectionDetailSchema } from '@holdfast/protocol'
import type { VerifiedAccessToken } from '@holdfast/protocol/token'
import { z } from 'zod'

/** Who asks for a dispatch, on whose behalf, and for which resource. */
export interface Caller {
  /** How the caller proved itself. */
  readonly via: 'exchange' | 'direct' | 'runner'
  /** The user. */
  readonly sub: string
  /** The client that acts: the resource's own for an exchanged token. */
  readonly clientId: string
  /** Canonical URI of the resource on whose behalf the call is made. */
  readonly resource: string
  readonly grant: string | undefined
  /** Handles that the token names. */
  readonly handles: readonly string[]
  /** What may be done with them, when the token says; nothing else then. */
  readonly details: readonly GrantedConnectionDetail[] | undefined
  /** The proof and the token that it covers, for credentials that pin keys. */
  readonly proof: { readonly proof: string; readonly token: string } | undefined
}

/** The {@link Caller} that a verified token speaks of. */
export function callerOf(
  token: VerifiedAccessToken,
  rest: Pick<Caller, 'via' | 'clientId' | 'resource' | 'proof'>,
): Caller {
  return {
    ...rest,
    sub: token.subject,
    grant: token.grant,
    ...rightsOf(token),
  }
}

type Rights = Pick<Caller, 'handles' | 'details'>

// A token that is used again is the same object.
const known = new WeakMap<VerifiedAccessToken, Rights>()

function rightsOf(token: VerifiedAccessToken): Rights {
  let rights = known.get(token)
  if (!rights) {
    const { connections, authorizationDetails } = token
    rights = {
      handles: Object.values(connections),
      details: z.array(grantedConnectionDetailSchema).optional().parse(authorizationDetails),
    }
    known.set(token, rights)
  }
  return rights
}
