import type { ProviderData } from '../schema.ts'

export const openai: ProviderData = {
  name: 'openai',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'OpenAI',
  category: 'ai',
  docs: 'https://platform.openai.com/docs/api-reference/authentication',
  base_url: 'https://api.openai.com/v1',
  kinds: [
    {
      id: 'api_key',
      title: 'Project API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: [
            'sk-proj-[A-Za-z0-9_-]{20,}',
            'sk-svcacct-[A-Za-z0-9_-]{20,}',
            'sk-[A-Za-z0-9]{32,}',
          ],
          where: {
            url: 'https://platform.openai.com/api-keys',
            words: 'Create a secret key for one project and restrict its permissions.',
          },
          wrong: [
            {
              patterns: ['sk-admin-[A-Za-z0-9_-]{20,}'],
              words:
                'This is an admin key: it manages the organization and cannot call models. Create a project key.',
            },
            {
              patterns: ['sess-[A-Za-z0-9_-]{20,}'],
              words: 'This is a browser session. Create a project key.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/models' },
  rate_limit: {
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
  },
  operations: [
    { name: 'models.list', method: 'GET', path: '/models', words: 'List the models.' },
    { name: 'responses.create', method: 'POST', path: '/responses', words: 'Ask a model.' },
    {
      name: 'chat.completions.create',
      method: 'POST',
      path: '/chat/completions',
      words: 'Ask a model in the chat form.',
    },
    {
      name: 'embeddings.create',
      method: 'POST',
      path: '/embeddings',
      words: 'Compute embeddings.',
    },
  ],
}
