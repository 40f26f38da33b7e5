import type { ProviderData } from '../schema.ts'

export const deepl: ProviderData = {
  name: 'deepl',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'DeepL',
  category: 'ai',
  docs: 'https://developers.deepl.com/docs/getting-started/auth',
  base_url: 'https://{host}',
  variables: {
    host: {
      title: 'Free or paid API',
      example: 'api-free.deepl.com',
      default: 'api.deepl.com',
      choices: ['api.deepl.com', 'api-free.deepl.com'],
      words: 'Keys that end with :fx are for api-free.deepl.com.',
    },
  },
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Authorization',
        header_template: 'DeepL-Auth-Key {api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: [
            '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
            '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:fx',
          ],
          where: { url: 'https://www.deepl.com/your-account/keys', words: 'Create an API key.' },
        },
      },
    },
  ],
  identity: { path: '/v2/usage' },
  operations: [
    { name: 'translate', method: 'POST', path: '/v2/translate', words: 'Translate text.' },
  ],
}
