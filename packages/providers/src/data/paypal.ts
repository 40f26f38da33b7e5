import type { ProviderData } from '../schema.ts'

export const paypal: ProviderData = {
  name: 'paypal',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'PayPal',
  category: 'commerce',
  docs: 'https://developer.paypal.com/api/rest/authentication/',
  base_url: 'https://{host}',
  variables: {
    host: {
      title: 'Live or sandbox',
      example: 'api-m.paypal.com',
      default: 'api-m.paypal.com',
      choices: ['api-m.paypal.com', 'api-m.sandbox.paypal.com'],
    },
  },
  kinds: [
    {
      id: 'client_credentials',
      title: 'Client id and secret',
      credential: { kind: 'oauth2_client_credentials' },
      inputs: { client_id: { title: 'Client id', example: 'abc123' } },
      fields: {
        client_secret: {
          title: 'Secret',
          where: {
            url: 'https://developer.paypal.com/dashboard/applications',
            words: 'Open your app; live and sandbox have different ones.',
          },
        },
      },
    },
  ],
  oauth: {
    token_endpoint: 'https://{host}/v1/oauth2/token',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: false,
    scopes: {},
  },
}
