import type { ProviderData } from '../schema.ts'

export const fly: ProviderData = {
  name: 'fly',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Fly.io',
  category: 'cloud',
  docs: 'https://fly.io/docs/machines/api/working-with-machines-api/',
  base_url: 'https://api.machines.dev/v1',
  kinds: [
    {
      id: 'token',
      title: 'Deploy or organization token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Authorization',
        header_template: 'FlyV1 {api_key}',
      },
      fields: {
        api_key: {
          title: 'Token without the word FlyV1',
          patterns: ['fm[12][ar]?_[A-Za-z0-9_=+/,-]{20,}'],
          where: {
            url: 'https://fly.io/docs/security/tokens/',
            words: 'Run `fly tokens create deploy` for one app.',
          },
        },
      },
    },
  ],
}
