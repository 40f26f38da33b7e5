import type { ProviderData } from '../schema.ts'

export const hubspot: ProviderData = {
  name: 'hubspot',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'HubSpot',
  category: 'work',
  docs: 'https://developers.hubspot.com/docs/guides/apps/private-apps/overview',
  base_url: 'https://api.hubapi.com',
  kinds: [
    {
      id: 'private_app',
      title: 'Private app token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Access token of a private app',
          patterns: [
            'pat-[a-z]{2}\\d-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
          ],
          where: {
            url: 'https://app.hubspot.com/private-apps/',
            words: 'Create a private app with the scopes it needs.',
          },
          wrong: [
            {
              patterns: ['[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'],
              words: 'This is an API key of the old kind or an app id. Create a private app.',
            },
          ],
        },
      },
    },
    { id: 'oauth', title: 'Sign in with HubSpot', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://app.hubspot.com/oauth/authorize',
    token_endpoint: 'https://api.hubapi.com/oauth/2026-03/token',
    revocation_endpoint: 'https://api.hubapi.com/oauth/2026-03/token/revoke',
    // Its older endpoints say so in a member `status`.
    refresh_gone: { errors: ['BAD_REFRESH_TOKEN'] },
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scopes: {
      oauth: 'Connect to the account.',
      'crm.objects.contacts.read': 'Read contacts.',
      'crm.objects.contacts.write': 'Create and change contacts.',
      'crm.objects.companies.read': 'Read companies.',
      'crm.objects.deals.read': 'Read deals.',
    },
    default_scopes: ['oauth'],
  },
  identity: { path: '/account-info/v3/details', account: ['/portalId'] },
  rate_limit: { limit: 'x-hubspot-ratelimit-max', remaining: 'x-hubspot-ratelimit-remaining' },
  operations: [
    {
      name: 'contacts.list',
      method: 'GET',
      path: '/crm/v3/objects/contacts',
      words: 'List contacts.',
    },
    {
      name: 'contacts.create',
      method: 'POST',
      path: '/crm/v3/objects/contacts',
      words: 'Create a contact.',
    },
  ],
}
