import type { ProviderData } from '../schema.ts'

export const monday: ProviderData = {
  name: 'monday',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'monday.com',
  category: 'work',
  docs: 'https://developer.monday.com/api-reference/docs/authentication',
  base_url: 'https://api.monday.com',
  kinds: [
    {
      id: 'token',
      title: 'Personal API token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Authorization',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API token',
          patterns: ['eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}'],
          where: {
            url: 'https://developer.monday.com/api-reference/docs/authentication',
            words: 'Open Developers from your avatar, then My access tokens.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with monday.com', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://auth.monday.com/oauth2/authorize',
    token_endpoint: 'https://auth.monday.com/oauth2/token',
    access_page:
      'https://support.monday.com/hc/en-us/articles/15265913506450-How-to-manage-your-account-s-apps',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: false,
    scopes: {
      'me:read': 'Read your profile.',
      'boards:read': 'Read boards.',
      'boards:write': 'Change boards.',
      'users:read': 'Read people.',
    },
    default_scopes: ['me:read'],
  },
  operations: [
    {
      name: 'graphql',
      method: 'POST',
      path: '/v2',
      words: 'Any query or change: GraphQL has one path.',
    },
  ],
}
