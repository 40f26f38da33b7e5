import type { ProviderData } from '../schema.ts'

export const bitbucket: ProviderData = {
  name: 'bitbucket',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Bitbucket Cloud',
  category: 'developer',
  docs: 'https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/',
  base_url: 'https://api.bitbucket.org/2.0',
  kinds: [
    {
      id: 'api_token',
      title: 'API token with your e-mail address',
      credential: { kind: 'basic' },
      fields: {
        username: { title: 'E-mail address of your Atlassian account', visible: true },
        password: {
          title: 'API token',
          patterns: ['ATATT[A-Za-z0-9_=-]{50,}'],
          where: {
            url: 'https://id.atlassian.com/manage-profile/security/api-tokens',
            words: 'Create an API token with scopes for Bitbucket.',
          },
          wrong: [
            {
              patterns: ['ATBB[A-Za-z0-9]{20,}'],
              words:
                'This is an app password, which Bitbucket no longer takes. Create an API token with scopes.',
            },
            {
              patterns: ['ATCTT[A-Za-z0-9_=-]{50,}'],
              words:
                'This is a repository, project or workspace access token. Choose --kind access_token.',
            },
          ],
        },
      },
    },
    {
      id: 'access_token',
      title: 'Repository, project or workspace access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Access token',
          patterns: ['ATCTT[A-Za-z0-9_=-]{50,}'],
          where: {
            url: 'https://bitbucket.org/',
            words: 'Create it in the settings of the repository, project or workspace.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Bitbucket', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://bitbucket.org/site/oauth2/authorize',
    token_endpoint: 'https://bitbucket.org/site/oauth2/access_token',
    // https://support.atlassian.com/bitbucket-cloud/kb/revoke-app-authorization-from-a-bitbucket-account/
    access_page: 'https://bitbucket.org/account/settings/app-authorizations/',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: false,
    scopes: {
      account: 'Read your account.',
      repository: 'Read repositories.',
      'repository:write': 'Change repositories.',
      pullrequest: 'Read pull requests.',
      'pullrequest:write': 'Open and merge pull requests.',
    },
    default_scopes: ['account'],
  },
  identity: {
    path: '/user',
    account: ['/username', '/display_name'],
    kinds: ['api_token', 'oauth'],
  },
}
