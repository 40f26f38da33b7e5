import type { ProviderData } from '../schema.ts'

export const anthropic: ProviderData = {
  name: 'anthropic',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Anthropic',
  category: 'ai',
  docs: 'https://docs.anthropic.com/en/api/overview',
  base_url: 'https://api.anthropic.com/v1',
  headers: { 'anthropic-version': '2023-06-01' },
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'x-api-key',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['sk-ant-api\\d{2}-[A-Za-z0-9_-]{20,}'],
          where: {
            url: 'https://console.anthropic.com/settings/keys',
            words: 'Create a key in the workspace that should pay for it.',
          },
          wrong: [
            {
              patterns: ['sk-ant-admin\\d{2}-[A-Za-z0-9_-]{20,}'],
              words:
                'This is an admin key: it manages the organization and cannot call models. Create an API key.',
            },
            {
              patterns: ['sk-ant-oat\\d{2}-[A-Za-z0-9_-]{20,}'],
              words:
                'This is the sign-in token of a subscription, not an API key. Create a key in the console.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/models' },
  rate_limit: {
    limit: 'anthropic-ratelimit-requests-limit',
    remaining: 'anthropic-ratelimit-requests-remaining',
    reset: 'anthropic-ratelimit-requests-reset',
    retry_after: 'retry-after',
  },
  operations: [
    { name: 'models.list', method: 'GET', path: '/models', words: 'List the models.' },
    { name: 'messages.create', method: 'POST', path: '/messages', words: 'Ask a model.' },
    {
      name: 'messages.count_tokens',
      method: 'POST',
      path: '/messages/count_tokens',
      words: 'Count the tokens of a message.',
    },
  ],
}
