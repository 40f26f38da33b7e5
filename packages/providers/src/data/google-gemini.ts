import type { ProviderData } from '../schema.ts'

export const googleGemini: ProviderData = {
  name: 'google-gemini',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Google Gemini',
  category: 'ai',
  docs: 'https://ai.google.dev/gemini-api/docs/api-key',
  base_url: 'https://generativelanguage.googleapis.com',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'x-goog-api-key',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['AIza[A-Za-z0-9_-]{35}'],
          where: {
            url: 'https://aistudio.google.com/apikey',
            words: 'Create a key in Google AI Studio.',
          },
          wrong: [
            {
              patterns: ['ya29\\.[A-Za-z0-9_.-]{20,}'],
              words: 'This is an OAuth access token that ends within the hour. Create an API key.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/v1beta/models' },
  operations: [
    { name: 'models.list', method: 'GET', path: '/v1beta/models', words: 'List the models.' },
    { name: 'models.generate', method: 'POST', path: '/v1beta/models/*', words: 'Ask a model.' },
  ],
}
