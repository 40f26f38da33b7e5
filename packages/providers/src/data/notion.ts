import type { ProviderData } from '../schema.ts'

export const notion: ProviderData = {
  name: 'notion',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Notion',
  category: 'work',
  docs: 'https://developers.notion.com/docs/authorization',
  base_url: 'https://api.notion.com/v1',
  headers: { 'notion-version': '2022-06-28' },
  kinds: [
    {
      id: 'token',
      title: 'Internal integration secret',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Internal integration secret',
          patterns: ['ntn_[A-Za-z0-9]{40,}', 'secret_[A-Za-z0-9]{43}'],
          where: {
            url: 'https://www.notion.so/profile/integrations',
            words: 'Create an internal integration and connect it to the pages it may see.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Add to Notion', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://api.notion.com/v1/oauth/authorize',
    token_endpoint: 'https://api.notion.com/v1/oauth/token',
    // https://developers.notion.com/reference/revoke-token
    revocation_request: {
      method: 'POST',
      url: 'https://api.notion.com/v1/oauth/revoke',
      token: 'access_token',
      authentication: 'client',
      headers: { 'notion-version': '2022-06-28' },
      body: { format: 'json', fields: { token: '{token}' } },
    },
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: false,
    scopes: {},
    authorization_params: { owner: 'user' },
    register_url: 'https://www.notion.so/profile/integrations',
  },
  identity: { path: '/users/me', account: ['/bot/workspace_name', '/name'] },
  rate_limit: { retry_after: 'retry-after' },
  operations: [
    { name: 'search', method: 'POST', path: '/search', words: 'Search pages and databases.' },
    { name: 'pages.get', method: 'GET', path: '/pages/*', words: 'Read the properties of a page.' },
    { name: 'pages.create', method: 'POST', path: '/pages', words: 'Create a page.' },
    {
      name: 'blocks.children',
      method: 'GET',
      path: '/blocks/*/children',
      words: 'Read the content of a page.',
    },
    {
      name: 'databases.query',
      method: 'POST',
      path: '/databases/*/query',
      words: 'Query a database.',
    },
  ],
}
