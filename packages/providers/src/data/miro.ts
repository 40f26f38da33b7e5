import type { ProviderData } from '../schema.ts'

export const miro: ProviderData = {
  name: 'miro',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Miro',
  category: 'work',
  docs: 'https://developers.miro.com/docs/getting-started-with-oauth',
  base_url: 'https://api.miro.com',
  kinds: [
    {
      id: 'token',
      title: 'Access token of your own app',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Access token',
          where: {
            url: 'https://miro.com/app/settings/user-profile/apps',
            words: 'Install your app to a team and copy the token.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Miro', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://miro.com/oauth/authorize',
    token_endpoint: 'https://api.miro.com/v1/oauth/token',
    // https://developers.miro.com/reference/revoke-token-v2
    revocation_request: {
      method: 'POST',
      url: 'https://api.miro.com/v2/oauth/revoke',
      token: 'access_token',
      authentication: 'none',
      body: {
        format: 'json',
        fields: {
          accessToken: '{token}',
          clientId: '{client_id}',
          clientSecret: '{client_secret}',
        },
      },
      gone: { statuses: [404] },
    },
    token_endpoint_auth_method: 'client_secret_post',
    pkce: false,
    scopes: { 'boards:read': 'Read boards.', 'boards:write': 'Change boards.' },
    default_scopes: ['boards:read'],
  },
  identity: { path: '/v1/oauth-token', account: ['/team/name', '/user/name'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
