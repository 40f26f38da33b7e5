import type { ProviderData } from '../schema.ts'

export const trello: ProviderData = {
  name: 'trello',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Trello',
  category: 'work',
  docs: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/',
  base_url: 'https://api.trello.com/1',
  kinds: [
    {
      id: 'key_and_token',
      title: 'API key and token',
      credential: {
        kind: 'fields',
        fields: ['api_key', 'token'],
        inject: [
          { in: 'query', name: 'key', template: '{api_key}' },
          { in: 'query', name: 'token', template: '{token}' },
        ],
      },
      fields: {
        api_key: {
          title: 'API key of your Power-Up',
          patterns: ['[0-9a-f]{32}'],
          where: {
            url: 'https://trello.com/power-ups/admin',
            words: 'Open your Power-Up and then API key.',
          },
        },
        token: {
          title: 'Token',
          patterns: ['ATTA[0-9a-fA-F]{60,}', '[0-9a-f]{64}'],
          where: {
            url: 'https://trello.com/power-ups/admin',
            words: 'Follow the Token link beside the API key.',
          },
          wrong: [
            {
              patterns: ['[0-9a-f]{32}'],
              words: 'This is as long as an API key. Follow the Token link beside it.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/members/me', account: ['/username'] },
}
