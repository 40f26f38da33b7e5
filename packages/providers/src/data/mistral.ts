import type { ProviderData } from '../schema.ts'

export const mistral: ProviderData = {
  name: 'mistral',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Mistral AI',
  category: 'ai',
  docs: 'https://docs.mistral.ai/api/',
  base_url: 'https://api.mistral.ai/v1',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          where: {
            url: 'https://console.mistral.ai/api-keys',
            words: 'Create a key in the workspace.',
          },
        },
      },
    },
  ],
  identity: { path: '/models' },
}
