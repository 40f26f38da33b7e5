import type { ProviderData } from '../schema.ts'

export const linkedin: ProviderData = {
  name: 'linkedin',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'LinkedIn',
  category: 'social',
  docs: 'https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow',
  base_url: 'https://api.linkedin.com',
  kinds: [{ id: 'oauth', title: 'Sign in with LinkedIn', credential: { kind: 'oauth2' } }],
  oauth: {
    authorization_endpoint: 'https://www.linkedin.com/oauth/v2/authorization',
    token_endpoint: 'https://www.linkedin.com/oauth/v2/accessToken',
    access_page: 'https://www.linkedin.com/mypreferences/d/data-sharing-for-permitted-services',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: false,
    scopes: {
      openid: 'Know who you are.',
      profile: 'Read your name and picture.',
      email: 'Read your e-mail address.',
      w_member_social: 'Post as you.',
    },
    default_scopes: ['openid', 'profile'],
    register_url: 'https://www.linkedin.com/developers/apps',
  },
  identity: { path: '/v2/userinfo', account: ['/email', '/name'] },
}
