import type { ProviderData } from '../schema.ts'

export const discord: ProviderData = {
  name: 'discord',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Discord',
  category: 'work',
  docs: 'https://discord.com/developers/docs/reference',
  base_url: 'https://discord.com/api/v10',
  kinds: [
    {
      id: 'bot',
      title: 'Bot token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Authorization',
        header_template: 'Bot {api_key}',
      },
      fields: {
        api_key: {
          title: 'Bot token',
          patterns: ['[A-Za-z0-9_-]{23,30}\\.[A-Za-z0-9_-]{6,7}\\.[A-Za-z0-9_-]{27,}'],
          where: {
            url: 'https://discord.com/developers/applications',
            words: 'Open your application and reset the token under Bot.',
          },
          wrong: [
            { patterns: ['\\d{17,20}'], words: 'This is an id. Copy the token under Bot.' },
            {
              patterns: ['[A-Za-z0-9_-]{32}'],
              words: 'This looks like a client secret. Copy the token under Bot.',
            },
            {
              patterns: ['https://discord\\.com/api/webhooks/[A-Za-z0-9_/-]+'],
              words: 'This is a webhook URL. Copy the token under Bot.',
            },
          ],
        },
      },
    },
    { id: 'oauth', title: 'Sign in with Discord', credential: { kind: 'oauth2' } },
  ],
  oauth: {
    authorization_endpoint: 'https://discord.com/oauth2/authorize',
    token_endpoint: 'https://discord.com/api/oauth2/token',
    revocation_endpoint: 'https://discord.com/api/oauth2/token/revoke',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {
      identify: 'Read your user name and avatar.',
      email: 'Read your e-mail address.',
      guilds: 'List your servers.',
      'guilds.members.read': 'Read your membership in your servers.',
    },
    default_scopes: ['identify'],
    register_url: 'https://discord.com/developers/applications',
  },
  identity: { path: '/users/@me', account: ['/username'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
    retry_after: 'retry-after',
  },
  operations: [
    {
      name: 'messages.create',
      method: 'POST',
      path: '/channels/*/messages',
      words: 'Post in a channel.',
    },
    {
      name: 'messages.list',
      method: 'GET',
      path: '/channels/*/messages',
      words: 'Read a channel.',
    },
  ],
}
