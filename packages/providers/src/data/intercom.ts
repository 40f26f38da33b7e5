import type { ProviderData } from '../schema.ts'

export const intercom: ProviderData = {
  name: 'intercom',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Intercom',
  category: 'work',
  docs: 'https://developers.intercom.com/docs/build-an-integration/learn-more/authentication',
  base_url: 'https://{host}',
  headers: { 'intercom-version': '2.11' },
  variables: {
    host: {
      title: 'Region of your workspace',
      example: 'api.intercom.io',
      default: 'api.intercom.io',
      choices: ['api.intercom.io', 'api.eu.intercom.io', 'api.au.intercom.io'],
    },
  },
  kinds: [
    {
      id: 'token',
      title: 'Access token of your own app',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Access token',
          where: {
            url: 'https://app.intercom.com/a/apps/_/developer-hub',
            words: 'Create an app in your workspace and copy its access token.',
          },
        },
      },
    },
  ],
  identity: { path: '/me', account: ['/app/name', '/email'] },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
