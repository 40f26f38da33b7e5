import type { ProviderData } from '../schema.ts'

export const zendesk: ProviderData = {
  name: 'zendesk',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Zendesk',
  category: 'work',
  docs: 'https://developer.zendesk.com/api-reference/introduction/security-and-auth/',
  base_url: 'https://{subdomain}.zendesk.com',
  variables: {
    subdomain: {
      title: 'Subdomain of your Zendesk',
      example: 'acme',
      words: 'The first part of the address where you work.',
    },
  },
  kinds: [
    {
      id: 'api_token',
      title: 'API token with an e-mail address',
      credential: { kind: 'basic' },
      fields: {
        username: {
          title: 'E-mail address followed by /token, such as ada@example.com/token',
          visible: true,
          patterns: ['[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+/token'],
          wrong: [
            {
              patterns: ['[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+'],
              words: 'Zendesk wants /token behind the e-mail address, as in ada@example.com/token.',
            },
          ],
        },
        password: {
          title: 'API token',
          where: {
            url: 'https://{subdomain}.zendesk.com/admin/apps-integrations/apis/zendesk-api',
            words: 'Add an API token in the Admin Center.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Zendesk', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://{subdomain}.zendesk.com/oauth/authorizations/new',
    token_endpoint: 'https://{subdomain}.zendesk.com/oauth/tokens',
    // Not by DELETE /api/v2/oauth/tokens/current.json: people report that it answers 204 and ends nothing.
    access_page:
      'https://developer.zendesk.com/documentation/api-basics/authentication/revoking-oauth-token',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scopes: {
      read: 'Read everything you can read.',
      write: 'Change everything you can change.',
      'tickets:read': 'Read tickets.',
      'tickets:write': 'Create and change tickets.',
    },
    default_scopes: ['read'],
  },
  identity: { path: '/api/v2/users/me.json', account: ['/user/email', '/user/name'] },
  rate_limit: {
    limit: 'x-rate-limit',
    remaining: 'x-rate-limit-remaining',
    retry_after: 'retry-after',
  },
  operations: [
    { name: 'tickets.list', method: 'GET', path: '/api/v2/tickets.json', words: 'List tickets.' },
    {
      name: 'tickets.create',
      method: 'POST',
      path: '/api/v2/tickets.json',
      words: 'Create a ticket.',
    },
    { name: 'search', method: 'GET', path: '/api/v2/search.json', words: 'Search.' },
  ],
}
