import type { ProviderData } from '../schema.ts'

export const together: ProviderData = {
  name: 'together',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Together AI',
  category: 'ai',
  docs: 'https://docs.together.ai/reference/authentication-1',
  base_url: 'https://api.together.ai/v1',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          where: {
            url: 'https://api.together.ai/settings/api-keys',
            words: 'Copy the key of your account.',
          },
        },
      },
    },
  ],
  identity: { path: '/models' },
}
