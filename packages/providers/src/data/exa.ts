import type { ProviderData } from '../schema.ts'

export const exa: ProviderData = {
  name: 'exa',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Exa',
  category: 'search',
  docs: 'https://docs.exa.ai/reference/getting-started',
  base_url: 'https://api.exa.ai',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'x-api-key',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'],
          where: { url: 'https://dashboard.exa.ai/api-keys', words: 'Create an API key.' },
        },
      },
    },
  ],
  operations: [
    { name: 'search', method: 'POST', path: '/search', words: 'Search the web.' },
    { name: 'contents', method: 'POST', path: '/contents', words: 'Read pages.' },
  ],
}
