import type { ProviderData } from '../schema.ts'

export const apify: ProviderData = {
  name: 'apify',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Apify',
  category: 'search',
  docs: 'https://docs.apify.com/api/v2',
  base_url: 'https://api.apify.com',
  kinds: [
    {
      id: 'token',
      title: 'API token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API token',
          patterns: ['apify_api_[A-Za-z0-9]{30,}'],
          where: {
            url: 'https://console.apify.com/settings/integrations',
            words: 'Create a token, scoped to what it needs.',
          },
        },
      },
    },
  ],
  identity: { path: '/v2/users/me', account: ['/data/username'] },
}
