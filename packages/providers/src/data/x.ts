import type { ProviderData } from '../schema.ts'

export const x: ProviderData = {
  name: 'x',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'X (Twitter)',
  category: 'social',
  docs: 'https://docs.x.com/resources/fundamentals/authentication/overview',
  base_url: 'https://api.x.com/2',
  kinds: [
    { id: 'oauth', title: 'Sign in with X', credential: { kind: 'oauth2' } },
    {
      id: 'bearer',
      title: 'App-only bearer token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Bearer token',
          patterns: ['AAAA[A-Za-z0-9%+/=_-]{40,}'],
          where: {
            url: 'https://developer.x.com/en/portal/dashboard',
            words: 'Open your app and then Keys and tokens.',
          },
        },
      },
    },
  ],
  oauth: {
    authorization_endpoint: 'https://x.com/i/oauth2/authorize',
    token_endpoint: 'https://api.x.com/2/oauth2/token',
    revocation_endpoint: 'https://api.x.com/2/oauth2/revoke',
    access_page: 'https://x.com/settings/connected_apps',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {
      'tweet.read': 'Read posts.',
      'tweet.write': 'Post as you.',
      'users.read': 'Read profiles.',
      'offline.access': 'Stay connected when you are away.',
    },
    default_scopes: ['tweet.read', 'users.read', 'offline.access'],
  },
  identity: { path: '/users/me', account: ['/data/username'], kinds: ['oauth'] },
  rate_limit: {
    limit: 'x-rate-limit-limit',
    remaining: 'x-rate-limit-remaining',
    reset: 'x-rate-limit-reset',
  },
}
