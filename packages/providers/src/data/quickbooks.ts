import type { ProviderData } from '../schema.ts'

export const quickbooks: ProviderData = {
  name: 'quickbooks',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'QuickBooks Online',
  category: 'commerce',
  docs: 'https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0',
  base_url: 'https://{host}',
  variables: {
    host: {
      title: 'Production or sandbox',
      example: 'quickbooks.api.intuit.com',
      default: 'quickbooks.api.intuit.com',
      choices: ['quickbooks.api.intuit.com', 'sandbox-quickbooks.api.intuit.com'],
    },
  },
  kinds: [{ id: 'oauth', title: 'Connect to QuickBooks', credential: { kind: 'oauth2' } }],
  oauth: {
    authorization_endpoint: 'https://appcenter.intuit.com/connect/oauth2',
    token_endpoint: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
    revocation_endpoint: 'https://developer.api.intuit.com/v2/oauth2/tokens/revoke',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: false,
    scopes: {
      'com.intuit.quickbooks.accounting': 'Read and change the accounts.',
      openid: 'Know who you are.',
      email: 'Read your e-mail address.',
    },
    default_scopes: ['com.intuit.quickbooks.accounting'],
  },
}
