import type { ProviderData } from '../schema.ts'

export const netlify: ProviderData = {
  name: 'netlify',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Netlify',
  category: 'cloud',
  docs: 'https://docs.netlify.com/api/get-started/',
  base_url: 'https://api.netlify.com/api/v1',
  kinds: [
    {
      id: 'token',
      title: 'Personal access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Personal access token',
          where: {
            url: 'https://app.netlify.com/user/applications',
            words: 'Create a personal access token with an expiry.',
          },
        },
      },
    },
  ],
  identity: { path: '/user', account: ['/email', '/full_name'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
