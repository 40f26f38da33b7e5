import type { ProviderData } from '../schema.ts'

export const digitalocean: ProviderData = {
  name: 'digitalocean',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'DigitalOcean',
  category: 'cloud',
  docs: 'https://docs.digitalocean.com/reference/api/',
  base_url: 'https://api.digitalocean.com/v2',
  kinds: [
    {
      id: 'token',
      title: 'Personal access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Personal access token',
          patterns: ['dop_v1_[0-9a-f]{64}'],
          where: {
            url: 'https://cloud.digitalocean.com/account/api/tokens',
            words: 'Create a token with custom scopes.',
          },
          wrong: [
            {
              patterns: ['doo_v1_[0-9a-f]{64}'],
              words: 'This is an access token of an OAuth app. Create a personal access token.',
            },
            {
              patterns: ['dor_v1_[0-9a-f]{64}'],
              words: 'This is a refresh token. Create a personal access token.',
            },
          ],
        },
      },
    },
    { id: 'oauth', title: 'Sign in with DigitalOcean', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://cloud.digitalocean.com/v1/oauth/authorize',
    token_endpoint: 'https://cloud.digitalocean.com/v1/oauth/token',
    // https://docs.digitalocean.com/reference/api/oauth/#revoke
    revocation_request: {
      method: 'POST',
      url: 'https://cloud.digitalocean.com/v1/oauth/revoke',
      token: 'access_token',
      authentication: 'token',
      body: { format: 'form', fields: { token: '{token}' } },
    },
    token_endpoint_auth_method: 'client_secret_post',
    pkce: false,
    scopes: { read: 'Read everything in the account.', write: 'Change everything in the account.' },
    default_scopes: ['read'],
    register_url: 'https://cloud.digitalocean.com/account/api/applications/new',
  },
  identity: { path: '/account', account: ['/account/email'] },
  rate_limit: {
    limit: 'ratelimit-limit',
    remaining: 'ratelimit-remaining',
    reset: 'ratelimit-reset',
    retry_after: 'retry-after',
  },
}
