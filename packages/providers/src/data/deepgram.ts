import type { ProviderData } from '../schema.ts'

export const deepgram: ProviderData = {
  name: 'deepgram',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Deepgram',
  category: 'ai',
  docs: 'https://developers.deepgram.com/docs/create-additional-api-keys',
  base_url: 'https://api.deepgram.com',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Authorization',
        header_template: 'Token {api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['[0-9a-f]{40}'],
          where: {
            url: 'https://console.deepgram.com/',
            words: 'Create a key in a project under API Keys.',
          },
        },
      },
    },
  ],
  identity: { path: '/v1/projects', account: ['/projects/0/name'] },
}
