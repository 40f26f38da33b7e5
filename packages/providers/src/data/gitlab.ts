import type { ProviderData } from '../schema.ts'

export const gitlab: ProviderData = {
  name: 'gitlab',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'GitLab',
  category: 'developer',
  docs: 'https://docs.gitlab.com/api/rest/authentication/',
  base_url: 'https://gitlab.com/api/v4',
  self_hosted: true,
  kinds: [
    {
      id: 'token',
      title: 'Personal, project or group access token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'PRIVATE-TOKEN',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'Access token',
          patterns: ['glpat-[A-Za-z0-9_.-]{20,}'],
          where: {
            url: 'https://gitlab.com/-/user_settings/personal_access_tokens',
            words: 'Choose read_api unless it must write.',
          },
          wrong: [
            {
              patterns: ['gldt-[A-Za-z0-9_-]{20,}'],
              words:
                'This is a deploy token: it reads repositories and packages and cannot call the API.',
            },
            {
              patterns: ['glrt-[A-Za-z0-9_.-]{20,}'],
              words: 'This is a runner token. Create a personal access token.',
            },
            {
              patterns: ['glptt-[0-9a-f]{40}'],
              words: 'This is a pipeline trigger token. Create a personal access token.',
            },
          ],
        },
      },
    },
    { id: 'oauth', title: 'Sign in with GitLab', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://gitlab.com/oauth/authorize',
    token_endpoint: 'https://gitlab.com/oauth/token',
    revocation_endpoint: 'https://gitlab.com/oauth/revoke',
    // https://docs.gitlab.com/integration/oauth_provider/#view-all-authorized-applications
    access_page: 'https://gitlab.com/-/user_settings/applications',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scopes: {
      read_user: 'Read your profile.',
      read_api: 'Read everything you can read.',
      api: 'Read and change everything you can.',
      read_repository: 'Read repositories over Git.',
      write_repository: 'Read and change repositories over Git.',
    },
    default_scopes: ['read_user'],
    register_url: 'https://gitlab.com/-/user_settings/applications',
  },
  identity: { path: '/user', account: ['/username'] },
  rate_limit: {
    limit: 'ratelimit-limit',
    remaining: 'ratelimit-remaining',
    reset: 'ratelimit-reset',
    retry_after: 'retry-after',
  },
  operations: [
    { name: 'projects.get', method: 'GET', path: '/projects/*', words: 'Read about a project.' },
    { name: 'issues.list', method: 'GET', path: '/projects/*/issues', words: 'List issues.' },
    { name: 'issues.create', method: 'POST', path: '/projects/*/issues', words: 'Open an issue.' },
    {
      name: 'merge_requests.list',
      method: 'GET',
      path: '/projects/*/merge_requests',
      words: 'List merge requests.',
    },
  ],
}
