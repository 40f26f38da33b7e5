import type { ProviderData } from '../schema.ts'

export const perplexity: ProviderData = {
  name: 'perplexity',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Perplexity',
  category: 'ai',
  docs: 'https://docs.perplexity.ai/',
  base_url: 'https://api.perplexity.ai',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['pplx-[A-Za-z0-9]{32,}'],
          where: {
            url: 'https://www.perplexity.ai/settings/api',
            words: 'Create a key in the API settings.',
          },
        },
      },
    },
  ],
}
