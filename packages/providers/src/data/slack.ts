import type { ProviderData } from '../schema.ts'

export const slack: ProviderData = {
  name: 'slack',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Slack',
  category: 'work',
  docs: 'https://docs.slack.dev/authentication/tokens',
  base_url: 'https://slack.com/api',
  kinds: [
    {
      id: 'bot',
      title: 'Bot token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Bot user OAuth token',
          patterns: ['xoxb-[A-Za-z0-9-]{20,}'],
          where: {
            url: 'https://api.slack.com/apps',
            words:
              'Install your app to the workspace and copy the token under OAuth & Permissions.',
          },
          wrong: [
            {
              patterns: ['xoxp-[A-Za-z0-9-]{20,}'],
              words:
                'This is a user token: it acts as a person. Use the bot token, or choose --kind user.',
            },
            {
              patterns: ['xapp-[A-Za-z0-9-]{20,}'],
              words: 'This is an app-level token for sockets. Use the bot token.',
            },
            {
              patterns: ['xox[cds]-[A-Za-z0-9%-]{20,}'],
              words: 'This was taken from a browser session. Install an app and use its bot token.',
            },
            {
              patterns: ['https://hooks\\.slack\\.com/[A-Za-z0-9/]+'],
              words: 'This is a webhook URL. Use the bot token of your app.',
            },
          ],
        },
      },
    },
    {
      id: 'user',
      title: 'User token',
      credential: { kind: 'bearer' },
      advice: 'A user token acts as you and sees your private messages; a bot token is safer.',
      fields: {
        token: {
          title: 'User OAuth token',
          patterns: ['xoxp-[A-Za-z0-9-]{20,}'],
          where: {
            url: 'https://api.slack.com/apps',
            words: 'Copy the user token under OAuth & Permissions.',
          },
          wrong: [
            {
              patterns: ['xoxb-[A-Za-z0-9-]{20,}'],
              words: 'This is a bot token: good. Choose --kind bot.',
            },
          ],
        },
      },
    },
    { id: 'oauth', title: 'Add to Slack', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://slack.com/oauth/v2/authorize',
    token_endpoint: 'https://slack.com/api/oauth.v2.access',
    // https://docs.slack.dev/reference/methods/auth.revoke
    revocation_request: {
      method: 'POST',
      url: 'https://slack.com/api/auth.revoke',
      token: 'access_token',
      authentication: 'token',
      gone: { errors: ['account_inactive', 'invalid_auth', 'token_expired', 'token_revoked'] },
    },
    access_page: 'https://slack.com/apps/manage',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: false,
    scope_separator: ',',
    scopes: {
      'channels:read': 'List public channels.',
      'channels:history': 'Read public channels that the app is in.',
      'chat:write': 'Post messages as the app.',
      'users:read': 'List people.',
      'groups:history': 'Read private channels that the app is in.',
      'reactions:write': 'Add reactions.',
    },
    register_url: 'https://api.slack.com/apps',
  },
  identity: { path: '/auth.test', account: ['/team', '/user'], ok: '/ok' },
  rate_limit: { retry_after: 'retry-after' },
  operations: [
    { name: 'chat.post', method: 'POST', path: '/chat.postMessage', words: 'Post a message.' },
    {
      name: 'conversations.list',
      method: 'GET',
      path: '/conversations.list',
      words: 'List channels.',
    },
    {
      name: 'conversations.history',
      method: 'GET',
      path: '/conversations.history',
      words: 'Read messages of a channel.',
    },
    { name: 'users.list', method: 'GET', path: '/users.list', words: 'List people.' },
  ],
}
