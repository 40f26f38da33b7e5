import type { OAuthApp, RevocationRequest } from '@holdfast/protocol'
import {
  type AuthorizationServer,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  None,
} from 'oauth4webapi'
import type { TokenFetch } from './token-fetch.ts'

/** What a sealed credential says of its provider. */
export interface ProviderFacts {
  readonly client_id: string
  readonly token_endpoint: string
  readonly revocation_endpoint?: string | undefined
  readonly revocation_request?: RevocationRequest | undefined
  readonly token_endpoint_auth_method: OAuthApp['token_endpoint_auth_method']
  readonly issuer?: string | undefined
}

/** A client at a provider, in the library's terms. */
export interface OAuthClient {
  readonly server: AuthorizationServer
  readonly client: Client
  readonly auth: ClientAuth
  readonly options: { readonly [customFetch]: TokenFetch }
}

/**
 * Makes the library's view of a client. Here its secret becomes a string, which cannot be wiped: the
 * library takes nothing else, because it goes into a form or a header that it builds.
 */
export function oauthClient(
  facts: ProviderFacts,
  secret: Uint8Array | undefined,
  fetch: TokenFetch,
): OAuthClient {
  const methods = {
    client_secret_basic: ClientSecretBasic,
    client_secret_post: ClientSecretPost,
  }
  const method = facts.token_endpoint_auth_method
  return {
    server: {
      issuer: facts.issuer ?? new URL(facts.token_endpoint).origin,
      token_endpoint: facts.token_endpoint,
      ...(facts.revocation_endpoint !== undefined && {
        revocation_endpoint: facts.revocation_endpoint,
      }),
    },
    client: { client_id: facts.client_id },
    auth: method === 'none' ? None() : methods[method](tokenText(secret ?? new Uint8Array())),
    options: { [customFetch]: fetch },
  }
}

/**
 * A secret as the string that the OAuth library and JSON bodies need. Every string made of a secret in
 * this enclave comes from here, from an answer that was parsed, or from a JWT that was signed.
 */
export const tokenText = (secret: Uint8Array): string => Buffer.from(secret).toString('utf8')
