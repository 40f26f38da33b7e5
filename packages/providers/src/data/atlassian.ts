import type { ProviderData } from '../schema.ts'

export const atlassian: ProviderData = {
  name: 'atlassian',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Atlassian (OAuth)',
  category: 'work',
  docs: 'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
  base_url: 'https://api.atlassian.com',
  kinds: [{ id: 'oauth', title: 'Sign in with Atlassian', credential: { kind: 'oauth2' } }],
  oauth: {
    authorization_endpoint: 'https://auth.atlassian.com/authorize',
    token_endpoint: 'https://auth.atlassian.com/oauth/token',
    // https://support.atlassian.com/security-and-access-policies/docs/manage-your-users-third-party-apps/
    access_page: 'https://id.atlassian.com/manage-profile/apps',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: false,
    scopes: {
      'read:me': 'Read your profile.',
      'read:jira-work': 'Read Jira projects and issues.',
      'write:jira-work': 'Create and change Jira issues.',
      'read:jira-user': 'Read Jira users.',
      offline_access: 'Stay connected when you are away.',
    },
    default_scopes: ['read:me', 'offline_access'],
    authorization_params: { audience: 'api.atlassian.com', prompt: 'consent' },
    register_url: 'https://developer.atlassian.com/console/myapps/',
  },
  identity: { path: '/me', account: ['/email', '/name'] },
}
