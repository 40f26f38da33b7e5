import type { ProviderData } from '../schema.ts'

export const resend: ProviderData = {
  name: 'resend',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Resend',
  category: 'work',
  docs: 'https://resend.com/docs/api-reference/introduction',
  base_url: 'https://api.resend.com',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['re_[A-Za-z0-9_]{20,}'],
          where: {
            url: 'https://resend.com/api-keys',
            words: 'Create a key; one that may only send is enough for sending.',
          },
        },
      },
    },
  ],
  rate_limit: {
    limit: 'ratelimit-limit',
    remaining: 'ratelimit-remaining',
    reset: 'ratelimit-reset',
    retry_after: 'retry-after',
  },
  operations: [{ name: 'emails.send', method: 'POST', path: '/emails', words: 'Send mail.' }],
}
