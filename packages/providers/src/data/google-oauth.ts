import type { ProviderData } from '../schema.ts'

type Oauth = NonNullable<ProviderData['oauth']>
type Kind = ProviderData['kinds'][number]

/** The way of all Google APIs for a person's own account. */
export const googleSignIn: Kind = {
  id: 'oauth',
  title: 'Sign in with Google',
  credential: { kind: 'oauth2' },
}

/** The way of all Google APIs for a service account, alone or for a person of its organization. */
export const googleServiceAccount: Kind = {
  id: 'service_account',
  title: 'Service account',
  credential: { kind: 'jwt_bearer', algorithm: 'RS256', scopes_in: 'assertion' },
  inputs: {
    issuer: {
      title: 'E-mail address of the service account (client_email of the JSON key)',
      patterns: ['[a-z0-9-]+@[a-z0-9.-]+'],
      example: 'bot@acme-1.iam.gserviceaccount.com',
    },
    subject: {
      title: 'Person to act for, where the organization allows it',
      example: 'ada@example.com',
      optional: true,
    },
  },
  fields: {
    private_key: {
      title: 'Private key of the service account (PEM)',
      where: {
        url: 'https://console.cloud.google.com/iam-admin/serviceaccounts',
        words: 'Create a JSON key; the private key is its field private_key.',
      },
    },
  },
}

/** Google's OAuth endpoints with the scopes of one API. */
export const googleOauth = (scopes: Oauth['scopes'], defaultScopes: readonly string[]): Oauth => ({
  authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
  token_endpoint: 'https://oauth2.googleapis.com/token',
  revocation_endpoint: 'https://oauth2.googleapis.com/revoke',
  access_page: 'https://myaccount.google.com/connections',
  token_endpoint_auth_method: 'client_secret_post',
  pkce: true,
  scopes,
  default_scopes: [...defaultScopes],
  authorization_params: { access_type: 'offline', prompt: 'consent' },
  register_url: 'https://console.cloud.google.com/apis/credentials',
})
