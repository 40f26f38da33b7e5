import type { ProviderData } from '../schema.ts'

export const clickup: ProviderData = {
  name: 'clickup',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'ClickUp',
  category: 'work',
  docs: 'https://developer.clickup.com/docs/authentication',
  base_url: 'https://api.clickup.com/api/v2',
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
          title: 'Personal API token',
          patterns: ['pk_\\d{3,}_[A-Z0-9]{20,}'],
          where: {
            url: 'https://app.clickup.com/settings/apps',
            words: 'Generate a token under Apps.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with ClickUp', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://app.clickup.com/api',
    token_endpoint: 'https://api.clickup.com/api/v2/oauth/token',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: false,
    scopes: {},
  },
  identity: { path: '/user', account: ['/user/email', '/user/username'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
