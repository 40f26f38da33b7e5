import type { ProviderData } from '../schema.ts'

export const box: ProviderData = {
  name: 'box',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Box',
  category: 'work',
  docs: 'https://developer.box.com/guides/authentication/',
  base_url: 'https://api.box.com/2.0',
  kinds: [
    { id: 'oauth', title: 'Sign in with Box', credential: { kind: 'oauth2' } },
    {
      id: 'client_credentials',
      title: 'Client credentials of a custom app',
      credential: { kind: 'oauth2_client_credentials' },
      inputs: { client_id: { title: 'Client id', example: 'abc123' } },
      fields: {
        client_secret: {
          title: 'Client secret',
          where: {
            url: 'https://app.box.com/developers/console',
            words: 'Open the app and then Configuration.',
          },
        },
      },
    },
  ],
  oauth: {
    authorization_endpoint: 'https://account.box.com/api/oauth2/authorize',
    token_endpoint: 'https://api.box.com/oauth2/token',
    revocation_endpoint: 'https://api.box.com/oauth2/revoke',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: false,
    scopes: {
      root_readonly: 'Read files and folders.',
      root_readwrite: 'Read and change files and folders.',
    },
    default_scopes: ['root_readonly'],
    register_url: 'https://app.box.com/developers/console',
  },
  identity: { path: '/users/me', account: ['/login', '/name'] },
  rate_limit: { retry_after: 'retry-after' },
}
