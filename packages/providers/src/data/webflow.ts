import type { ProviderData } from '../schema.ts'

export const webflow: ProviderData = {
  name: 'webflow',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Webflow',
  category: 'work',
  docs: 'https://developers.webflow.com/data/reference/authentication',
  base_url: 'https://api.webflow.com/v2',
  kinds: [
    {
      id: 'token',
      title: 'Site token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API token',
          patterns: ['[0-9a-f]{64}'],
          where: {
            url: 'https://webflow.com/dashboard',
            words: 'Site settings, Apps & integrations, API access.',
          },
        },
      },
    },
  ],
  identity: { path: '/sites', account: ['/sites/0/displayName'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    retry_after: 'retry-after',
  },
}
