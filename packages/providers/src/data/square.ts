import type { ProviderData } from '../schema.ts'

export const square: ProviderData = {
  name: 'square',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Square',
  category: 'commerce',
  docs: 'https://developer.squareup.com/docs/build-basics/access-tokens',
  base_url: 'https://{host}',
  variables: {
    host: {
      title: 'Production or sandbox',
      example: 'connect.squareup.com',
      default: 'connect.squareup.com',
      choices: ['connect.squareup.com', 'connect.squareupsandbox.com'],
    },
  },
  kinds: [
    {
      id: 'token',
      title: 'Access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Access token',
          patterns: ['EAAA[A-Za-z0-9_-]{20,}'],
          where: {
            url: 'https://developer.squareup.com/apps',
            words: 'Open your application and then Credentials.',
          },
          wrong: [
            {
              patterns: ['sq0idp-[A-Za-z0-9_-]{20,}', 'sandbox-sq0idb-[A-Za-z0-9_-]{20,}'],
              words: 'This is the application id. Copy the access token.',
            },
            {
              patterns: ['sq0csp-[A-Za-z0-9_-]{20,}'],
              words: 'This is the application secret. Copy the access token.',
            },
          ],
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Square', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://{host}/oauth2/authorize',
    token_endpoint: 'https://{host}/oauth2/token',
    // https://developer.squareup.com/reference/square/o-auth-api/revoke-token
    revocation_request: {
      method: 'POST',
      url: 'https://{host}/oauth2/revoke',
      token: 'access_token',
      authentication: 'none',
      headers: { authorization: 'Client {client_secret}' },
      body: { format: 'json', fields: { client_id: '{client_id}', access_token: '{token}' } },
    },
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scopes: {
      MERCHANT_PROFILE_READ: 'Read the business profile.',
      ORDERS_READ: 'Read orders.',
      PAYMENTS_READ: 'Read payments.',
      CUSTOMERS_READ: 'Read customers.',
    },
    default_scopes: ['MERCHANT_PROFILE_READ'],
  },
  identity: { path: '/v2/merchants/me', account: ['/merchant/business_name', '/merchant/id'] },
}
