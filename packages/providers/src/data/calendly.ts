import type { ProviderData } from '../schema.ts'

export const calendly: ProviderData = {
  name: 'calendly',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Calendly',
  category: 'work',
  docs: 'https://developer.calendly.com/personal-access-tokens',
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
            words: 'Create a personal access token with the scopes it needs.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Calendly', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://auth.calendly.com/oauth/authorize',
    token_endpoint: 'https://auth.calendly.com/oauth/token',
    // https://developer.calendly.com/api-docs/calendly-o-auth/o-auth/post-oauth-revoke
    revocation_request: {
      method: 'POST',
      url: 'https://auth.calendly.com/oauth/revoke',
      authentication: 'none',
      body: {
        format: 'form',
        fields: {
          client_id: '{client_id}',
          client_secret: '{client_secret}',
          token: '{token}',
        },
      },
    },
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {
      'users:read': 'Read your profile.',
      'event_types:read': 'Read what people can book with you.',
      'event_types:write': 'Change what people can book with you.',
      'scheduled_events:read': 'Read your meetings and who comes.',
      'availability:read': 'Read when you are free.',
    },
    default_scopes: ['users:read'],
  },
  identity: { path: '/users/me', account: ['/resource/email', '/resource/name'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
