import type { ProviderData } from '../schema.ts'

export const neon: ProviderData = {
  name: 'neon',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Neon',
  category: 'data',
  docs: 'https://api-docs.neon.tech/reference/authentication',
  base_url: 'https://console.neon.tech/api/v2',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          where: {
            url: 'https://console.neon.tech/app/settings/api-keys',
            words: 'Create a key for one project or for you.',
          },
        },
      },
    },
  ],
  identity: { path: '/users/me', account: ['/email', '/login'] },
}
