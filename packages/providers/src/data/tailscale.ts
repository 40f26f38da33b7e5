import type { ProviderData } from '../schema.ts'

export const tailscale: ProviderData = {
  name: 'tailscale',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Tailscale',
  category: 'cloud',
  docs: 'https://tailscale.com/kb/1101/api',
  base_url: 'https://api.tailscale.com/api/v2',
  kinds: [
    {
      id: 'token',
      title: 'API access token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API access token',
          patterns: ['tskey-api-[A-Za-z0-9-]{20,}'],
          where: {
            url: 'https://login.tailscale.com/admin/settings/keys',
            words: 'Generate an API access token.',
          },
          wrong: [
            {
              patterns: ['tskey-auth-[A-Za-z0-9-]{20,}'],
              words: 'This is an auth key: it adds machines. Generate an API access token.',
            },
            {
              patterns: ['tskey-client-[A-Za-z0-9-]{20,}'],
              words: 'This is an OAuth client secret. Generate an API access token.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/tailnet/-/settings' },
}
