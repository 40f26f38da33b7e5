import type { ProviderData } from '../schema.ts'

export const deepseek: ProviderData = {
  name: 'deepseek',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'DeepSeek',
  category: 'ai',
  docs: 'https://api-docs.deepseek.com/',
  base_url: 'https://api.deepseek.com',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['sk-[0-9a-f]{32}'],
          where: { url: 'https://platform.deepseek.com/api_keys', words: 'Create an API key.' },
        },
      },
    },
  ],
  identity: { path: '/models' },
}
