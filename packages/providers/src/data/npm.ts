import type { ProviderData } from '../schema.ts'

export const npm: ProviderData = {
  name: 'npm',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'npm registry',
  category: 'developer',
  docs: 'https://docs.npmjs.com/about-access-tokens',
  base_url: 'https://registry.npmjs.org',
  kinds: [
    {
      id: 'token',
      title: 'Granular access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Access token',
          patterns: ['npm_[A-Za-z0-9]{36}'],
          where: {
            url: 'https://www.npmjs.com/settings/~/tokens',
            words: 'Create a granular token for the packages it needs.',
          },
        },
      },
    },
  ],
  identity: { path: '/-/whoami', account: ['/username'] },
}
