import type { ProviderData } from '../schema.ts'

export const pipedrive: ProviderData = {
  name: 'pipedrive',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Pipedrive',
  category: 'work',
  docs: 'https://pipedrive.readme.io/docs/core-api-concepts-authentication',
  base_url: 'https://{company}.pipedrive.com/api/v1',
  variables: {
    company: {
      title: 'Company domain',
      example: 'acme',
      words: 'The first part of the address of your Pipedrive.',
    },
  },
  kinds: [
    {
      id: 'token',
      title: 'Personal API token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'x-api-token',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API token',
          patterns: ['[0-9a-f]{40}'],
          where: {
            url: 'https://app.pipedrive.com/settings/api',
            words: 'Personal preferences, API.',
          },
        },
      },
    },
  ],
  identity: { path: '/users/me', account: ['/data/email', '/data/name'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
