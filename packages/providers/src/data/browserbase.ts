import type { ProviderData } from '../schema.ts'

export const browserbase: ProviderData = {
  name: 'browserbase',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Browserbase',
  category: 'search',
  docs: 'https://docs.browserbase.com/reference/api/overview',
  base_url: 'https://api.browserbase.com',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'X-BB-API-Key',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['bb_live_[A-Za-z0-9_-]{20,}'],
          where: {
            url: 'https://www.browserbase.com/settings',
            words: 'Copy the key of the project.',
          },
        },
      },
    },
  ],
  identity: { path: '/v1/projects', account: ['/0/name'] },
}
