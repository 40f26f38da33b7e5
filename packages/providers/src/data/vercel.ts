import type { ProviderData } from '../schema.ts'

export const vercel: ProviderData = {
  name: 'vercel',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Vercel',
  category: 'cloud',
  docs: 'https://vercel.com/docs/rest-api',
  base_url: 'https://api.vercel.com',
  kinds: [
    {
      id: 'token',
      title: 'Access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Access token',
          where: {
            url: 'https://vercel.com/account/settings/tokens',
            words: 'Create a token for one team, with an expiry.',
          },
        },
      },
    },
  ],
  identity: { path: '/v2/user', account: ['/user/username', '/user/email'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
