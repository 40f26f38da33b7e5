import type { ProviderData } from '../schema.ts'

export const replicate: ProviderData = {
  name: 'replicate',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Replicate',
  category: 'ai',
  docs: 'https://replicate.com/docs/reference/http',
  base_url: 'https://api.replicate.com/v1',
  kinds: [
    {
      id: 'token',
      title: 'API token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API token',
          patterns: ['r8_[A-Za-z0-9]{37}'],
          where: { url: 'https://replicate.com/account/api-tokens', words: 'Create an API token.' },
        },
      },
    },
  ],
  identity: { path: '/account', account: ['/username'] },
}
