import type { ProviderData } from '../schema.ts'

export const pagerduty: ProviderData = {
  name: 'pagerduty',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'PagerDuty',
  category: 'cloud',
  docs: 'https://developer.pagerduty.com/docs/authentication',
  base_url: 'https://api.pagerduty.com',
  kinds: [
    {
      id: 'api_key',
      title: 'REST API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Authorization',
        header_template: 'Token token={api_key}',
      },
      fields: {
        api_key: {
          title: 'REST API key',
          where: {
            url: 'https://support.pagerduty.com/main/docs/api-access-keys',
            words:
              'Create a user key in your profile, or a read-only account key under Integrations.',
          },
          wrong: [
            {
              patterns: ['[0-9a-f]{32}'],
              words: 'This looks like an integration key for events. Create a REST API key.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/abilities' },
  rate_limit: {
    limit: 'ratelimit-limit',
    remaining: 'ratelimit-remaining',
    reset: 'ratelimit-reset',
  },
}
