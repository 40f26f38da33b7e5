import type { ProviderData } from '../schema.ts'

export const typeform: ProviderData = {
  name: 'typeform',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Typeform',
  category: 'work',
  docs: 'https://www.typeform.com/developers/get-started/personal-access-token/',
  base_url: 'https://api.typeform.com',
  kinds: [
    {
      id: 'token',
      title: 'Personal access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Personal access token',
          patterns: ['tfp_[A-Za-z0-9_-]{40,}'],
          where: {
            url: 'https://admin.typeform.com/user/tokens',
            words: 'Generate a token with custom scopes.',
          },
        },
      },
    },
  ],
  identity: { path: '/me', account: ['/email', '/alias'] },
}
