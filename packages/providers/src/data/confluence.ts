import type { ProviderData } from '../schema.ts'

export const confluence: ProviderData = {
  name: 'confluence',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Confluence Cloud',
  category: 'work',
  docs: 'https://developer.atlassian.com/cloud/confluence/basic-auth-for-rest-apis/',
  base_url: 'https://{site}.atlassian.net/wiki',
  variables: {
    site: {
      title: 'Name of your Atlassian site',
      example: 'acme',
      words: 'The first part of the address of your Confluence.',
    },
  },
  kinds: [
    {
      id: 'api_token',
      title: 'API token with your e-mail address',
      credential: { kind: 'basic' },
      fields: {
        username: { title: 'E-mail address of your Atlassian account', visible: true },
        password: {
          title: 'API token',
          patterns: ['ATATT[A-Za-z0-9_=-]{50,}', '[A-Za-z0-9]{24}'],
          where: {
            url: 'https://id.atlassian.com/manage-profile/security/api-tokens',
            words: 'Create an API token.',
          },
        },
      },
    },
  ],
  identity: { path: '/rest/api/user/current', account: ['/email', '/displayName'] },
  rate_limit: { retry_after: 'retry-after' },
}
