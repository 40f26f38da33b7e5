import type { ProviderData } from '../schema.ts'

export const supabaseManagement: ProviderData = {
  name: 'supabase-management',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Supabase management API',
  category: 'cloud',
  docs: 'https://supabase.com/docs/reference/api/introduction',
  base_url: 'https://api.supabase.com/v1',
  kinds: [
    {
      id: 'token',
      title: 'Personal access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Personal access token',
          patterns: ['sbp_[0-9a-f]{40}'],
          where: {
            url: 'https://supabase.com/dashboard/account/tokens',
            words: 'Create an access token.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Supabase', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://api.supabase.com/v1/oauth/authorize',
    token_endpoint: 'https://api.supabase.com/v1/oauth/token',
    // https://supabase.com/docs/reference/api/v1-revoke-token
    revocation_request: {
      method: 'POST',
      url: 'https://api.supabase.com/v1/oauth/revoke',
      token: 'refresh_token',
      authentication: 'none',
      body: {
        format: 'json',
        fields: {
          client_id: '{client_id}',
          client_secret: '{client_secret}',
          refresh_token: '{token}',
        },
      },
    },
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {},
  },
  identity: { path: '/organizations', account: ['/0/name'] },
}
