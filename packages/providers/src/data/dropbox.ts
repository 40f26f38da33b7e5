import type { ProviderData } from '../schema.ts'

export const dropbox: ProviderData = {
  name: 'dropbox',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Dropbox',
  category: 'work',
  docs: 'https://developers.dropbox.com/oauth-guide',
  base_url: 'https://api.dropboxapi.com/2',
  kinds: [{ id: 'oauth', title: 'Sign in with Dropbox', credential: { kind: 'oauth2' } }],
  oauth: {
    authorization_endpoint: 'https://www.dropbox.com/oauth2/authorize',
    token_endpoint: 'https://api.dropboxapi.com/oauth2/token',
    // https://www.dropbox.com/developers/documentation/http/documentation#auth-token-revoke
    revocation_request: {
      method: 'POST',
      url: 'https://api.dropboxapi.com/2/auth/token/revoke',
      token: 'access_token',
      authentication: 'token',
    },
    // https://help.dropbox.com/integrations/third-party-apps
    access_page: 'https://www.dropbox.com/account/connected_apps',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {
      'account_info.read': 'Read your name and e-mail address.',
      'files.metadata.read': 'List files.',
      'files.content.read': 'Read files.',
      'files.content.write': 'Create and change files.',
    },
    default_scopes: ['account_info.read'],
    authorization_params: { token_access_type: 'offline' },
    register_url: 'https://www.dropbox.com/developers/apps',
  },
  rate_limit: { retry_after: 'retry-after' },
  operations: [
    { name: 'files.list', method: 'POST', path: '/files/list_folder', words: 'List a folder.' },
    { name: 'files.search', method: 'POST', path: '/files/search_v2', words: 'Search files.' },
  ],
}
