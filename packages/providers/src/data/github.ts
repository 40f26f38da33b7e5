import type { ProviderData } from '../schema.ts'

export const github: ProviderData = {
  name: 'github',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'GitHub',
  category: 'developer',
  docs: 'https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api',
  base_url: 'https://api.github.com',
  self_hosted: true,
  headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
  kinds: [
    {
      id: 'fine_grained',
      title: 'Fine-grained personal access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Personal access token',
          patterns: ['github_pat_[A-Za-z0-9_]{60,240}'],
          where: {
            url: 'https://github.com/settings/personal-access-tokens/new',
            words: 'Choose the repositories and the permissions it needs, nothing else.',
          },
          wrong: [
            {
              patterns: ['ghp_[A-Za-z0-9]{36,251}'],
              words:
                'This is a classic token: it reaches every repository you can reach. Create a fine-grained token, or choose --kind classic.',
            },
            {
              patterns: ['gh[ou]_[A-Za-z0-9]{36,251}'],
              words:
                'This is an access token that an app got for you; it belongs to that app. Create a fine-grained token.',
            },
            {
              patterns: ['ghs_[A-Za-z0-9._-]{36,}'],
              words:
                'This is an installation token of an app or a workflow and ends within the hour. Create a fine-grained token.',
            },
            {
              patterns: ['ghr_[A-Za-z0-9]{36,251}'],
              words: 'This is a refresh token. Create a fine-grained token.',
            },
          ],
        },
      },
    },
    {
      id: 'classic',
      title: 'Classic personal access token',
      credential: { kind: 'bearer' },
      advice:
        'A classic token reaches every repository you can reach; a fine-grained one is safer.',
      fields: {
        token: {
          title: 'Classic personal access token',
          patterns: ['ghp_[A-Za-z0-9]{36,251}'],
          where: {
            url: 'https://github.com/settings/tokens/new',
            words: 'Tick as few scopes as possible and set an expiry.',
          },
          wrong: [
            {
              patterns: ['github_pat_[A-Za-z0-9_]{60,240}'],
              words: 'This is a fine-grained token: good. Choose --kind fine_grained.',
            },
          ],
        },
      },
    },
    {
      id: 'app',
      title: 'GitHub App installation',
      credential: { kind: 'github_app' },
      inputs: {
        app_id: { title: 'Client id or id of the app', example: 'Iv23liAbCdEf' },
        installation_id: {
          title: 'Id of the installation, the number at the end of its address',
          patterns: ['\\d{1,20}'],
          example: '12345678',
        },
      },
      fields: {
        private_key: {
          title: 'Private key of the app (PEM)',
          where: {
            url: 'https://github.com/settings/apps',
            words: 'Open the app and generate a private key.',
          },
        },
      },
    },
    { id: 'oauth', title: 'Sign in with GitHub', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://github.com/login/oauth/authorize',
    token_endpoint: 'https://github.com/login/oauth/access_token',
    // https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token
    revocation_request: {
      method: 'DELETE',
      url: 'https://api.github.com/applications/{client_id}/token',
      token: 'access_token',
      authentication: 'client',
      headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
      body: { format: 'json', fields: { access_token: '{token}' } },
      // Not 422: GitHub answers too many requests with it as well, and its OAuth tokens never end by themselves.
      gone: { statuses: [404] },
    },
    // https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
    refresh_gone: { errors: ['bad_refresh_token'] },
    // https://docs.github.com/en/apps/oauth-apps/using-oauth-apps/reviewing-your-authorized-oauth-apps
    access_page: 'https://github.com/settings/applications',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scopes: {
      'read:user': 'Read your profile.',
      'user:email': 'Read your e-mail addresses.',
      public_repo: 'Read and change public repositories.',
      repo: 'Read and change all repositories, private ones too.',
      'read:org': 'Read your organizations and teams.',
      gist: 'Create and change gists.',
      workflow: 'Change GitHub Actions workflows.',
    },
    default_scopes: ['read:user'],
    register_url: 'https://github.com/settings/developers',
  },
  identity: { path: '/user', account: ['/login'], kinds: ['fine_grained', 'classic', 'oauth'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
    retry_after: 'retry-after',
  },
  operations: [
    { name: 'user.get', method: 'GET', path: '/user', words: 'Read your profile.' },
    { name: 'repos.list', method: 'GET', path: '/user/repos', words: 'List your repositories.' },
    { name: 'repos.get', method: 'GET', path: '/repos/*/*', words: 'Read about a repository.' },
    { name: 'contents.get', method: 'GET', path: '/repos/*/*/contents/**', words: 'Read files.' },
    { name: 'issues.list', method: 'GET', path: '/repos/*/*/issues', words: 'List issues.' },
    { name: 'issues.create', method: 'POST', path: '/repos/*/*/issues', words: 'Open an issue.' },
    {
      name: 'issues.comment',
      method: 'POST',
      path: '/repos/*/*/issues/*/comments',
      words: 'Comment on an issue or pull request.',
    },
    { name: 'pulls.list', method: 'GET', path: '/repos/*/*/pulls', words: 'List pull requests.' },
    {
      name: 'pulls.create',
      method: 'POST',
      path: '/repos/*/*/pulls',
      words: 'Open a pull request.',
    },
    { name: 'search.code', method: 'GET', path: '/search/code', words: 'Search code.' },
  ],
}
