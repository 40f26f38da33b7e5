import type { ProviderData } from '../schema.ts'

export const xai: ProviderData = {
  name: 'xai',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'xAI',
  category: 'ai',
  docs: 'https://docs.x.ai/docs/overview',
  base_url: 'https://api.x.ai/v1',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['xai-[A-Za-z0-9]{20,}'],
          where: { url: 'https://console.x.ai/', words: 'Create a key for your team.' },
        },
      },
    },
  ],
  identity: { path: '/api-key', account: ['/name', '/api_key_id'] },
}
