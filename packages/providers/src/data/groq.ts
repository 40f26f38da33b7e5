import type { ProviderData } from '../schema.ts'

export const groq: ProviderData = {
  name: 'groq',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Groq',
  category: 'ai',
  docs: 'https://console.groq.com/docs/rate-limits',
  base_url: 'https://api.groq.com/openai/v1',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API key',
          patterns: ['gsk_[A-Za-z0-9]{40,}'],
          where: { url: 'https://console.groq.com/keys', words: 'Create an API key.' },
        },
      },
    },
  ],
  identity: { path: '/models' },
  rate_limit: {
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
    retry_after: 'retry-after',
  },
}
