import type { ProviderData } from '../schema.ts'

export const freshdesk: ProviderData = {
  name: 'freshdesk',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Freshdesk',
  category: 'work',
  docs: 'https://developers.freshdesk.com/api/',
  base_url: 'https://{domain}.freshdesk.com/api/v2',
  variables: {
    domain: {
      title: 'Name of your helpdesk',
      example: 'acme',
      words: 'The first part of the address of your helpdesk.',
    },
  },
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'basic' },
      fields: {
        username: {
          title: 'API key',
          patterns: ['[A-Za-z0-9_-]{15,40}'],
          where: {
            url: 'https://{domain}.freshdesk.com/a/profiles/my/settings',
            words: 'View the API key in your profile settings.',
          },
        },
        password: { title: 'Unused password', constant: 'X' },
      },
    },
  ],
  identity: { path: '/agents/me', account: ['/contact/email', '/contact/name'] },
  rate_limit: {
    limit: 'x-ratelimit-total',
    remaining: 'x-ratelimit-remaining',
    retry_after: 'retry-after',
  },
}
