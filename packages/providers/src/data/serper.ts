import type { ProviderData } from '../schema.ts'

export const serper: ProviderData = {
  name: 'serper',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Serper',
  category: 'search',
  docs: 'https://serper.dev/',
  base_url: 'https://google.serper.dev',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'X-API-KEY',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['[0-9a-f]{40}'],
          where: { url: 'https://serper.dev/api-keys', words: 'Copy the key of your account.' },
        },
      },
    },
  ],
  operations: [
    {
      name: 'search',
      method: 'POST',
      path: '/search',
      words: 'Search the web; each call counts against the plan.',
    },
  ],
}
