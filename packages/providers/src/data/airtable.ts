import type { ProviderData } from '../schema.ts'

export const airtable: ProviderData = {
  name: 'airtable',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Airtable',
  category: 'work',
  docs: 'https://airtable.com/developers/web/api/authentication',
  base_url: 'https://api.airtable.com/v0',
  kinds: [
    {
      id: 'token',
      title: 'Personal access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Personal access token',
          patterns: ['pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}'],
          where: {
            url: 'https://airtable.com/create/tokens',
            words: 'Create a token with the scopes and bases it needs.',
          },
          wrong: [
            {
              patterns: ['key[A-Za-z0-9]{14}'],
              words:
                'This is an API key of the old kind, which no longer works. Create a personal access token.',
            },
            {
              patterns: ['pat[A-Za-z0-9]{14}'],
              words:
                'This is only the id of the token. Copy all of it, with the part after the dot.',
            },
          ],
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Airtable', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://airtable.com/oauth2/v1/authorize',
    token_endpoint: 'https://airtable.com/oauth2/v1/token',
    access_page: 'https://support.airtable.com/docs/third-party-integrations-via-oauth-overview',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {
      'data.records:read': 'Read records.',
      'data.records:write': 'Create and change records.',
      'schema.bases:read': 'Read the structure of bases.',
      'user.email:read': 'Read your e-mail address.',
    },
    default_scopes: ['user.email:read'],
    register_url: 'https://airtable.com/create/oauth',
  },
  identity: { path: '/meta/whoami', account: ['/email', '/id'] },
  operations: [
    { name: 'bases.list', method: 'GET', path: '/meta/bases', words: 'List the bases.' },
  ],
}
