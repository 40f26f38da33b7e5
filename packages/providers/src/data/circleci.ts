import type { ProviderData } from '../schema.ts'

export const circleci: ProviderData = {
  name: 'circleci',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'CircleCI',
  category: 'developer',
  docs: 'https://circleci.com/docs/api-developers-guide/',
  base_url: 'https://circleci.com/api/v2',
  kinds: [
    {
      id: 'token',
      title: 'Personal API token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Circle-Token',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'Personal API token',
          patterns: ['CCIPAT_[A-Za-z0-9_]{30,}', '[0-9a-f]{40}'],
          where: {
            url: 'https://app.circleci.com/settings/user/tokens',
            words: 'Create a personal API token.',
          },
          wrong: [
            {
              patterns: ['CCIPRJ_[A-Za-z0-9_]{30,}'],
              words:
                'This is a project token, which this API does not take. Create a personal token.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/me', account: ['/login', '/name'] },
}
