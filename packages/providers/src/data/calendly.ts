import type { ProviderData } from '../schema.ts'

export const calendly: ProviderData = {
  name: 'calendly',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Calendly',
  category: 'work',
  docs: 'https://developer.calendly.com/how-to-authenticate-with-personal-access-tokens',
  base_url: 'https://api.calendly.com',
  kinds: [
    {
      id: 'token',
      title: 'Personal access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Personal access token',
          patterns: ['eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}'],
          where: {
            url: 'https://calendly.com/integrations/api_webhooks',
            words: 'Create a personal access token.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Calendly', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://auth.calendly.com/oauth/authorize',
    token_endpoint: 'https://auth.calendly.com/oauth/token',
    revocation_endpoint: 'https://auth.calendly.com/oauth/revoke',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {},
  },
  identity: { path: '/users/me', account: ['/resource/email', '/resource/name'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
