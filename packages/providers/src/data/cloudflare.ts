import type { ProviderData } from '../schema.ts'

export const cloudflare: ProviderData = {
  name: 'cloudflare',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Cloudflare',
  category: 'cloud',
  docs: 'https://developers.cloudflare.com/fundamentals/api/get-started/create-token/',
  base_url: 'https://api.cloudflare.com/client/v4',
  kinds: [
    {
      id: 'token',
      title: 'API token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API token',
          // https://developers.cloudflare.com/fundamentals/api/get-started/token-formats
          patterns: ['cfut_[A-Za-z0-9_-]{41,60}', '[A-Za-z0-9_-]{40}'],
          where: {
            url: 'https://dash.cloudflare.com/profile/api-tokens',
            words: 'Create a token from a template, for the zones it needs.',
          },
          wrong: [
            {
              patterns: ['cfk_[A-Za-z0-9_-]{41,60}', '[0-9a-f]{37}'],
              words:
                'This is the global API key: it may do everything in every account. Create an API token.',
            },
            {
              patterns: ['cfat_[A-Za-z0-9_-]{41,60}'],
              words:
                'This token belongs to an account, and Cloudflare does not say here whose it is. Create one in your profile, or add this one with --any-key --no-test.',
            },
            {
              patterns: ['v1\\.0-[0-9a-f]{24}-[0-9a-f]{100,}'],
              words: 'This is an Origin CA key. Create an API token.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/user/tokens/verify', account: ['/result/id'], ok: '/success' },
  // https://developers.cloudflare.com/fundamentals/api/reference/limits
  rate_limit: { limit: 'ratelimit-policy', remaining: 'ratelimit', retry_after: 'retry-after' },
}
