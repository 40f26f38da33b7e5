import type { ProviderData } from '../schema.ts'

export const openrouter: ProviderData = {
  name: 'openrouter',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'OpenRouter',
  category: 'ai',
  docs: 'https://openrouter.ai/docs/api-reference/authentication',
  base_url: 'https://openrouter.ai/api/v1',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['sk-or-v1-[0-9a-f]{64}'],
          where: {
            url: 'https://openrouter.ai/settings/keys',
            words: 'Create a key, with a credit limit if you like.',
          },
        },
      },
    },
  ],
  identity: { path: '/key', account: ['/data/creator_user_id'] },
}
