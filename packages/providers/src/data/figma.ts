import type { ProviderData } from '../schema.ts'

export const figma: ProviderData = {
  name: 'figma',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Figma',
  category: 'work',
  docs: 'https://developers.figma.com/docs/rest-api/authentication/',
  base_url: 'https://api.figma.com',
  kinds: [
    {
      id: 'token',
      title: 'Personal access token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'X-Figma-Token',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'Personal access token',
          patterns: ['figd_[A-Za-z0-9_-]{30,}'],
          where: {
            url: 'https://www.figma.com/settings',
            words: 'Generate a token under Security with the scopes it needs.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Figma', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://www.figma.com/oauth',
    token_endpoint: 'https://api.figma.com/v1/oauth/token',
    access_page:
      'https://help.figma.com/hc/en-us/articles/1500006061462-View-and-manage-account-settings',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {
      'current_user:read': 'Read your name and e-mail address.',
      'file_content:read': 'Read the content of files.',
      'file_comments:read': 'Read comments.',
      'file_comments:write': 'Write comments.',
    },
    default_scopes: ['current_user:read'],
    register_url: 'https://www.figma.com/developers/apps',
  },
  identity: { path: '/v1/me', account: ['/email', '/handle'] },
  rate_limit: { retry_after: 'retry-after' },
  operations: [
    { name: 'files.get', method: 'GET', path: '/v1/files/*', words: 'Read a file.' },
    { name: 'images.get', method: 'GET', path: '/v1/images/*', words: 'Render parts of a file.' },
  ],
}
