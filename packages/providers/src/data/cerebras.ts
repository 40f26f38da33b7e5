import type { ProviderData } from '../schema.ts'

export const cerebras: ProviderData = {
  name: 'cerebras',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Cerebras',
  category: 'ai',
  docs: 'https://inference-docs.cerebras.ai/',
  base_url: 'https://api.cerebras.ai/v1',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['csk-[A-Za-z0-9]{30,}'],
          where: { url: 'https://cloud.cerebras.ai/', words: 'Copy a key from API Keys.' },
        },
      },
    },
  ],
  identity: { path: '/models' },
}
