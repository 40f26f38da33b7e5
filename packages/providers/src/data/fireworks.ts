import type { ProviderData } from '../schema.ts'

export const fireworks: ProviderData = {
  name: 'fireworks',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Fireworks AI',
  category: 'ai',
  docs: 'https://docs.fireworks.ai/api-reference/introduction',
  base_url: 'https://api.fireworks.ai/inference/v1',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          where: {
            url: 'https://app.fireworks.ai/settings/users/api-keys',
            words: 'Create an API key.',
          },
        },
      },
    },
  ],
  identity: { path: '/models' },
}
