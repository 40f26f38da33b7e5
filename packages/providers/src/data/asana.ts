import type { ProviderData } from '../schema.ts'

export const asana: ProviderData = {
  name: 'asana',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Asana',
  category: 'work',
  docs: 'https://developers.asana.com/docs/personal-access-token',
  base_url: 'https://app.asana.com/api/1.0',
  kinds: [
    {
      id: 'token',
      title: 'Personal access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Personal access token',
          where: {
            url: 'https://app.asana.com/0/my-apps',
            words: 'Create a personal access token.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Asana', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://app.asana.com/-/oauth_authorize',
    token_endpoint: 'https://app.asana.com/-/oauth_token',
    revocation_endpoint: 'https://app.asana.com/-/oauth_revoke',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scopes: { default: 'Read and change what you can; for an app with full permissions.' },
    default_scopes: ['default'],
    register_url: 'https://app.asana.com/0/my-apps',
  },
  identity: { path: '/users/me', account: ['/data/email', '/data/name'] },
  rate_limit: { retry_after: 'retry-after' },
  operations: [
    { name: 'tasks.get', method: 'GET', path: '/tasks/*', words: 'Read a task.' },
    { name: 'tasks.create', method: 'POST', path: '/tasks', words: 'Create a task.' },
  ],
}
