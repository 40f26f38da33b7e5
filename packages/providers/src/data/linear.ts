import type { ProviderData } from '../schema.ts'

export const linear: ProviderData = {
  name: 'linear',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Linear',
  category: 'developer',
  docs: 'https://linear.app/developers/graphql',
  base_url: 'https://api.linear.app',
  kinds: [
    {
      id: 'api_key',
      title: 'Personal API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Authorization',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['lin_api_[A-Za-z0-9]{32,}'],
          where: {
            url: 'https://linear.app/settings/account/security',
            words: 'Create a personal API key, read-only if that is enough.',
          },
          wrong: [
            {
              patterns: ['lin_oauth_[A-Za-z0-9]{32,}'],
              words: 'This is an access token of an OAuth app. Create a personal API key.',
            },
            {
              patterns: ['lin_wh_[A-Za-z0-9]{20,}'],
              words: 'This is the secret of a webhook. Create a personal API key.',
            },
          ],
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Linear', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://linear.app/oauth/authorize',
    token_endpoint: 'https://api.linear.app/oauth/token',
    revocation_endpoint: 'https://api.linear.app/oauth/revoke',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scope_separator: ',',
    scopes: {
      read: 'Read everything you can read.',
      write: 'Change what you can change.',
      'issues:create': 'Create issues and their attachments.',
      'comments:create': 'Comment on issues.',
    },
    default_scopes: ['read'],
    register_url: 'https://linear.app/settings/api/applications/new',
  },
  operations: [
    {
      name: 'graphql',
      method: 'POST',
      path: '/graphql',
      words: 'Any query or change: GraphQL has one path.',
    },
  ],
}
