import type { ProviderData } from '../schema.ts'

export const assemblyai: ProviderData = {
  name: 'assemblyai',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'AssemblyAI',
  category: 'ai',
  docs: 'https://www.assemblyai.com/docs/api-reference/overview',
  base_url: 'https://api.assemblyai.com',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Authorization',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['[0-9a-f]{32}'],
          where: {
            url: 'https://www.assemblyai.com/dashboard/api-keys',
            words: 'Copy the key of your account.',
          },
        },
      },
    },
  ],
  identity: { path: '/v2/transcript?limit=1' },
}
