import type { ProviderData } from '../schema.ts'

export const attio: ProviderData = {
  name: 'attio',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Attio',
  category: 'work',
  docs: 'https://docs.attio.com/rest-api/guides/authentication',
  base_url: 'https://api.attio.com',
  kinds: [
    {
      id: 'token',
      title: 'Access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Access token',
          where: {
            url: 'https://app.attio.com/',
            words: 'Workspace settings, Developers: create an integration and its token.',
          },
        },
      },
    },
  ],
  identity: { path: '/v2/self', account: ['/workspace_name'] },
  // https://docs.attio.com/rest-api/guides/rate-limiting
  rate_limit: { retry_after: 'retry-after' },
}
