import type { ProviderData } from '../schema.ts'

export const zoom: ProviderData = {
  name: 'zoom',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Zoom',
  category: 'work',
  docs: 'https://developers.zoom.us/docs/integrations/oauth/',
  base_url: 'https://api.zoom.us/v2',
  kinds: [{ id: 'oauth', title: 'Sign in with Zoom', credential: { kind: 'oauth2' } }],
  oauth: {
    authorization_endpoint: 'https://zoom.us/oauth/authorize',
    token_endpoint: 'https://zoom.us/oauth/token',
    revocation_endpoint: 'https://zoom.us/oauth/revoke',
    access_page: 'https://marketplace.zoom.us/user/installed',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {
      'user:read:user': 'Read your profile.',
      'meeting:read:meeting': 'Read a meeting.',
      'meeting:read:list_meetings': 'List your meetings.',
      'meeting:write:meeting': 'Create meetings.',
    },
    default_scopes: ['user:read:user'],
    register_url: 'https://marketplace.zoom.us/develop/create',
  },
  identity: { path: '/users/me', account: ['/email'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    retry_after: 'retry-after',
  },
}
