import type { ProviderData } from '../schema.ts'

export const jira: ProviderData = {
  name: 'jira',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Jira Cloud',
  category: 'developer',
  docs: 'https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/',
  base_url: 'https://{site}.atlassian.net',
  variables: {
    site: {
      title: 'Name of your Atlassian site',
      example: 'acme',
      words: 'The first part of the address of your Jira.',
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
          wrong: [
            {
              patterns: ['ATCTT[A-Za-z0-9_=-]{50,}'],
              words:
                'This is a Bitbucket access token. Create an API token of your Atlassian account.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/rest/api/3/myself', account: ['/emailAddress', '/displayName'] },
  rate_limit: { retry_after: 'retry-after' },
  operations: [
    { name: 'issues.get', method: 'GET', path: '/rest/api/3/issue/*', words: 'Read an issue.' },
    { name: 'issues.create', method: 'POST', path: '/rest/api/3/issue', words: 'Create an issue.' },
    {
      name: 'issues.search',
      method: 'GET',
      path: '/rest/api/3/search/jql',
      words: 'Search issues.',
    },
    {
      name: 'issues.comment',
      method: 'POST',
      path: '/rest/api/3/issue/*/comment',
      words: 'Comment on an issue.',
    },
  ],
}
