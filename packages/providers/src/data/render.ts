import type { ProviderData } from '../schema.ts'

export const render: ProviderData = {
  name: 'render',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Render',
  category: 'cloud',
  docs: 'https://api-docs.render.com/reference/authentication',
  base_url: 'https://api.render.com/v1',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['rnd_[A-Za-z0-9]{20,}'],
          where: {
            url: 'https://dashboard.render.com/u/settings#api-keys',
            words: 'Create an API key in the account settings.',
          },
        },
      },
    },
  ],
  identity: { path: '/owners?limit=1', account: ['/0/owner/name'] },
  rate_limit: {
    limit: 'ratelimit-limit',
    remaining: 'ratelimit-remaining',
    reset: 'ratelimit-reset',
  },
}
