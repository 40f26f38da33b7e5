import type { ProviderData } from '../schema.ts'

export const posthog: ProviderData = {
  name: 'posthog',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'PostHog',
  category: 'data',
  docs: 'https://posthog.com/docs/api',
  base_url: 'https://{region}.posthog.com',
  self_hosted: true,
  variables: { region: { title: 'Region', example: 'eu', choices: ['us', 'eu'], default: 'us' } },
  kinds: [
    {
      id: 'personal_key',
      title: 'Personal API key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Personal API key',
          patterns: ['phx_[A-Za-z0-9]{30,}'],
          where: {
            url: 'https://{region}.posthog.com/settings/user-api-keys',
            words: 'Create a key with the scopes it needs.',
          },
          wrong: [
            {
              patterns: ['phc_[A-Za-z0-9]{30,}'],
              words:
                'This is the project key: it is public and can only send events. Create a personal API key.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/api/users/@me/', account: ['/email'] },
}
