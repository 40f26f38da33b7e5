import type { ProviderData } from '../schema.ts'

export const tavily: ProviderData = {
  name: 'tavily',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Tavily',
  category: 'search',
  docs: 'https://docs.tavily.com/documentation/api-reference/introduction',
  base_url: 'https://api.tavily.com',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['tvly-[A-Za-z0-9_-]{20,}'],
          where: { url: 'https://app.tavily.com/home', words: 'Create a key on the dashboard.' },
        },
      },
    },
  ],
  identity: { path: '/usage' },
  operations: [
    { name: 'search', method: 'POST', path: '/search', words: 'Search the web.' },
    { name: 'extract', method: 'POST', path: '/extract', words: 'Read pages.' },
  ],
}
