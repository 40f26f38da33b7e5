import type { ProviderData } from '../schema.ts'

export const mapbox: ProviderData = {
  name: 'mapbox',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Mapbox',
  category: 'data',
  docs: 'https://docs.mapbox.com/api/guides/#access-tokens-and-token-scopes',
  base_url: 'https://api.mapbox.com',
  kinds: [
    {
      id: 'token',
      title: 'Secret access token',
      credential: { kind: 'api_key', in: 'query', name: 'access_token' },
      fields: {
        api_key: {
          title: 'Secret access token',
          patterns: ['sk\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}'],
          where: {
            url: 'https://console.mapbox.com/account/access-tokens/',
            words: 'Create a token with secret scopes.',
          },
          wrong: [
            {
              patterns: ['pk\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}'],
              words:
                'This is a public token: it is meant for browsers and needs no vault. Create a secret token.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/tokens/v2', account: ['/token/user'] },
}
