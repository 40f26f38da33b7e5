import type { ProviderData } from '../schema.ts'

export const serpapi: ProviderData = {
  name: 'serpapi',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'SerpApi',
  category: 'search',
  docs: 'https://serpapi.com/account-api',
  base_url: 'https://serpapi.com',
  kinds: [
    {
      id: 'api_key',
      title: 'Private API key',
      credential: { kind: 'api_key', in: 'query', name: 'api_key' },
      fields: {
        api_key: {
          title: 'Private API key',
          patterns: ['[0-9a-f]{64}'],
          where: { url: 'https://serpapi.com/manage-api-key', words: 'Copy your private API key.' },
        },
      },
    },
  ],
  identity: { path: '/account', account: ['/account_email'] },
  operations: [
    {
      name: 'search',
      method: 'GET',
      path: '/search',
      words: 'Search; each call counts against the plan.',
    },
  ],
}
