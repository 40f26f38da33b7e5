import type { ProviderData } from '../schema.ts'

export const firecrawl: ProviderData = {
  name: 'firecrawl',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Firecrawl',
  category: 'search',
  docs: 'https://docs.firecrawl.dev/api-reference/introduction',
  base_url: 'https://api.firecrawl.dev',
  self_hosted: true,
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['fc-[0-9a-f]{32}'],
          where: { url: 'https://www.firecrawl.dev/app/api-keys', words: 'Create an API key.' },
        },
      },
    },
  ],
  identity: { path: '/v2/team/credit-usage' },
}
