import type { ProviderData } from '../schema.ts'

export const buildkite: ProviderData = {
  name: 'buildkite',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Buildkite',
  category: 'developer',
  docs: 'https://buildkite.com/docs/apis/rest-api',
  base_url: 'https://api.buildkite.com/v2',
  kinds: [
    {
      id: 'token',
      title: 'API access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API access token',
          patterns: ['bkua_[0-9a-f]{40}'],
          where: {
            url: 'https://buildkite.com/user/api-access-tokens',
            words: 'Create a token with the scopes it needs.',
          },
        },
      },
    },
  ],
  identity: { path: '/access-token', account: ['/user/email', '/uuid'] },
  // https://buildkite.com/docs/apis/rest-api/rate-limits
  rate_limit: {
    limit: 'ratelimit-limit',
    remaining: 'ratelimit-remaining',
    reset: 'ratelimit-reset',
  },
}
