import type { ProviderData } from '../schema.ts'

export const elevenlabs: ProviderData = {
  name: 'elevenlabs',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'ElevenLabs',
  category: 'ai',
  docs: 'https://elevenlabs.io/docs/api-reference/authentication',
  base_url: 'https://api.elevenlabs.io',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'xi-api-key',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['sk_[0-9a-f]{48}', '[0-9a-f]{32}'],
          where: {
            url: 'https://elevenlabs.io/app/settings/api-keys',
            words: 'Create a key and choose what it may do.',
          },
        },
      },
    },
  ],
  identity: { path: '/v1/user', account: ['/first_name', '/user_id'] },
}
