import type { ProviderData } from '../schema.ts'

export const sendgrid: ProviderData = {
  name: 'sendgrid',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'SendGrid',
  category: 'work',
  docs: 'https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/authentication',
  base_url: 'https://api.sendgrid.com/v3',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'],
          where: {
            url: 'https://app.sendgrid.com/settings/api_keys',
            words: 'Create a key with restricted access.',
          },
        },
      },
    },
  ],
  identity: { path: '/scopes' },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
  operations: [{ name: 'mail.send', method: 'POST', path: '/mail/send', words: 'Send mail.' }],
}
