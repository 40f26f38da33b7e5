import type { ProviderData } from '../schema.ts'

export const reddit: ProviderData = {
  name: 'reddit',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Reddit',
  category: 'social',
  docs: 'https://github.com/reddit-archive/reddit/wiki/OAuth2',
  base_url: 'https://oauth.reddit.com',
  kinds: [{ id: 'oauth', title: 'Sign in with Reddit', credential: { kind: 'oauth2' } }],
  oauth: {
    authorization_endpoint: 'https://www.reddit.com/api/v1/authorize',
    token_endpoint: 'https://www.reddit.com/api/v1/access_token',
    revocation_endpoint: 'https://www.reddit.com/api/v1/revoke_token',
    access_page: 'https://www.reddit.com/prefs/apps',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: false,
    scopes: {
      identity: 'Read your user name.',
      read: 'Read posts and comments.',
      submit: 'Post and comment as you.',
      history: 'Read your history.',
    },
    default_scopes: ['identity'],
    authorization_params: { duration: 'permanent' },
    register_url: 'https://www.reddit.com/prefs/apps',
  },
  identity: { path: '/api/v1/me', account: ['/name'] },
  rate_limit: { remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
}
