import * as oauth from 'oauth4webapi'
import { oauthOptions } from '../discovery.ts'
import type { StaticClient } from './client-identity.ts'
import { type Grant, targetParameters } from './grant.ts'
import { GrantAuth, type GrantAuthOptions } from './grant-auth.ts'
import { withNonceRetry } from './token-request.ts'

/** A client that acts for itself. */
export interface ClientCredentialsOptions extends GrantAuthOptions {
  readonly client: StaticClient
}

/**
 * A program that acts for itself, by its own secret or private key.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.4}
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523#section-2.2} `private_key_jwt`
 */
export class ClientCredentialsAuth extends GrantAuth {
  constructor(options: ClientCredentialsOptions) {
    super(clientCredentials, options)
  }
}

const clientCredentials: Grant = {
  grantTypes: ['client_credentials'],
  wantsRefresh: false,
  obtain: (request) => {
    const { server, client, authentication, options, fetch } = request
    return withNonceRetry(
      () =>
        oauth.clientCredentialsGrantRequest(
          server,
          client,
          authentication,
          targetParameters(request),
          { ...options, ...oauthOptions(server.issuer, fetch) },
        ),
      (response) => oauth.processClientCredentialsResponse(server, client, response),
    )
  },
}
