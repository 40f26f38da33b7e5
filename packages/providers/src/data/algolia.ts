import type { ProviderData } from '../schema.ts'

export const algolia: ProviderData = {
  name: 'algolia',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Algolia',
  category: 'data',
  docs: 'https://www.algolia.com/doc/guides/security/api-keys/',
  base_url: 'https://{app_id}.algolia.net',
  variables: {
    app_id: {
      title: 'Application id in lower case',
      example: 'yourappid1',
      pattern: '[a-z0-9]{10}',
      words: 'The application id under API Keys.',
    },
  },
  kinds: [
    {
      id: 'api_key',
      title: 'Application id and API key',
      credential: {
        kind: 'fields',
        fields: ['application_id', 'api_key'],
        inject: [
          { in: 'header', name: 'x-algolia-application-id', template: '{application_id}' },
          { in: 'header', name: 'x-algolia-api-key', template: '{api_key}' },
        ],
      },
      fields: {
        application_id: { title: 'Application id', visible: true, patterns: ['[A-Z0-9]{10}'] },
        api_key: {
          title: 'API key',
          patterns: ['[0-9a-f]{32}'],
          where: {
            url: 'https://dashboard.algolia.com/account/api-keys/all',
            words: 'Create a key with the indices and rights it needs; not the admin key.',
          },
        },
      },
    },
  ],
  identity: { path: '/1/indexes' },
}
