import type { ProviderData } from '../schema.ts'

export const sentry: ProviderData = {
  name: 'sentry',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Sentry',
  category: 'developer',
  docs: 'https://docs.sentry.io/api/auth/',
  base_url: 'https://sentry.io/api/0',
  self_hosted: true,
  kinds: [
    {
      id: 'token',
      title: 'Auth token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Auth token',
          patterns: [
            'sntryu_[0-9a-f]{64}',
            'sntryi_[0-9a-f]{64}',
            'sntrys_[A-Za-z0-9_=+/-]{40,}',
            '[0-9a-f]{64}',
          ],
          where: {
            url: 'https://sentry.io/settings/account/api/auth-tokens/',
            words: 'Create a token with the scopes it needs.',
          },
          wrong: [
            {
              patterns: ['https://[0-9a-f]{32}@[a-z0-9.-]+/\\d+'],
              words: 'This is a DSN: it can only send events and is public. Create an auth token.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/organizations/', account: ['/0/slug'] },
  rate_limit: {
    limit: 'x-sentry-rate-limit-limit',
    remaining: 'x-sentry-rate-limit-remaining',
    reset: 'x-sentry-rate-limit-reset',
  },
}
