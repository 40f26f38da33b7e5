import type { ProviderData } from '../schema.ts'

export const coda: ProviderData = {
  name: 'coda',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Coda',
  category: 'work',
  docs: 'https://coda.io/developers/apis/v1',
  base_url: 'https://coda.io/apis/v1',
  kinds: [
    {
      id: 'token',
      title: 'API token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API token',
          where: {
            url: 'https://coda.io/account',
            words: 'Generate a token, restricted to a document.',
          },
        },
      },
    },
  ],
  identity: { path: '/whoami', account: ['/loginId', '/name'] },
}
