import * as oauth from 'oauth4webapi'
import { oauthOptions } from '../discovery.ts'
import type { GrantRequest } from './grant.ts'
import { withNonceRetry } from './token-request.ts'

/** A token request of a grant type that has a URN. */
export function extensionGrant(
  {
    server,
    client,
    authentication,
    options,
    fetch,
  }: Omit<GrantRequest, 'resource' | 'scope' | 'dpopJkt'>,
  grantType: string,
  parameters: Record<string, string>,
  recognizedTokenTypes: oauth.RecognizedTokenTypes = {},
): Promise<oauth.TokenEndpointResponse> {
  return withNonceRetry(
    () =>
      oauth.genericTokenEndpointRequest(server, client, authentication, grantType, parameters, {
        ...options,
        ...oauthOptions(server.issuer, fetch),
      }),
    (response) =>
      oauth.processGenericTokenEndpointResponse(server, client, response, { recognizedTokenTypes }),
  )
}
