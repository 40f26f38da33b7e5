import type * as oauth from 'oauth4webapi'
import { ClientError } from '../errors.ts'
import { identify, type StaticClient } from './client-identity.ts'
import { extensionGrant } from './extension-grant.ts'
import { type GrantRequest, targetParameters } from './grant.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import { findAuthorizationServer } from './server-metadata.ts'
import { grantTypes, type Supplied, supply, tokenTypes } from './token-types.ts'

/** Access that an enterprise's identity provider decides. */
export interface CrossAppOptions extends GrantAuthOptions {
  /** The client at the authorization server of the protected server. */
  readonly client: StaticClient
  /** The enterprise's identity provider and the client that is known there. */
  readonly identityProvider: { readonly issuer: string; readonly client: StaticClient }
  /** The ID token of the person who signed in there. A secret; a function is asked each time. */
  readonly idToken: Supplied
}

/**
 * Cross-app access: the identity provider exchanges the person's ID token for an assertion (ID-JAG)
 * to the protected server's authorization server, which turns it into an access token. Nobody has to
 * consent on the way.
 *
 * @see {@link https://datatracker.ietf.org/doc/draft-ietf-oauth-identity-assertion-authz-grant/}
 */
export class CrossAppAuth extends GrantAuth {
  constructor(options: CrossAppOptions) {
    super(
      {
        grantTypes: [grantTypes.jwtBearer],
        wantsRefresh: false,
        obtain: async (request) =>
          extensionGrant(request, grantTypes.jwtBearer, {
            assertion: await idJag(options, request),
            ...targetParameters(request),
          }),
      },
      options,
    )
  }
}

async function idJag(
  { identityProvider, idToken }: CrossAppOptions,
  request: GrantRequest,
): Promise<string> {
  const { fetch } = request
  const server = await findAuthorizationServer(identityProvider.issuer, fetch)
  const answer: oauth.TokenEndpointResponse = await extensionGrant(
    { server, ...identify(server, identityProvider.client), options: {}, fetch },
    grantTypes.tokenExchange,
    {
      requested_token_type: tokenTypes.idJag,
      subject_token: await supply(idToken),
      subject_token_type: tokenTypes.idToken,
      audience: request.server.issuer,
      ...targetParameters(request),
    },
    // RFC 8693 section 2.2.1: what is issued is no access token.
    { n_a: () => undefined },
  )
  if (answer['issued_token_type'] === tokenTypes.idJag) return answer.access_token
  throw new ClientError(
    'LOGIN_FAILED',
    'the identity provider issued something else than an ID-JAG',
  )
}
