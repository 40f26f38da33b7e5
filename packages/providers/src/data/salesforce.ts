import type { ProviderData } from '../schema.ts'

export const salesforce: ProviderData = {
  name: 'salesforce',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Salesforce',
  category: 'work',
  docs: 'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_endpoints.htm',
  base_url: 'https://{domain}.my.salesforce.com',
  variables: {
    domain: {
      title: 'My Domain name',
      example: 'acme',
      words: 'The first part of the address of your org.',
    },
  },
  kinds: [
    { id: 'oauth', title: 'Sign in with Salesforce', credential: { kind: 'oauth2' } },
    {
      id: 'client_credentials',
      title: 'Client credentials of a connected app',
      credential: { kind: 'oauth2_client_credentials' },
      inputs: { client_id: { title: 'Consumer key', example: 'abc123' } },
      fields: {
        client_secret: {
          title: 'Consumer secret',
          where: {
            url: 'https://{domain}.my.salesforce.com/',
            words: 'Setup, App Manager, your app, Manage Consumer Details.',
          },
        },
      },
    },
  ],
  oauth: {
    authorization_endpoint: 'https://{domain}.my.salesforce.com/services/oauth2/authorize',
    token_endpoint: 'https://{domain}.my.salesforce.com/services/oauth2/token',
    revocation_endpoint: 'https://{domain}.my.salesforce.com/services/oauth2/revoke',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scopes: {
      id: 'Read your profile.',
      api: 'Use the data that you can use.',
      refresh_token: 'Stay connected when you are away.',
    },
    default_scopes: ['id', 'api', 'refresh_token'],
  },
  identity: { path: '/services/oauth2/userinfo', account: ['/preferred_username', '/email'] },
  rate_limit: { limit: 'sforce-limit-info' },
}
