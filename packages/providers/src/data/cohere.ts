import type { ProviderData } from '../schema.ts'

export const cohere: ProviderData = {
  name: 'cohere',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Cohere',
  category: 'ai',
  docs: 'https://docs.cohere.com/reference/about',
  base_url: 'https://api.cohere.com',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          where: {
            url: 'https://dashboard.cohere.com/api-keys',
            words: 'Create a production or trial key.',
          },
        },
      },
    },
  ],
  identity: { path: '/v1/models' },
}
