import type { ProviderData } from '../schema.ts'

export const fly: ProviderData = {
  name: 'fly',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Fly.io',
  category: 'cloud',
  docs: 'https://fly.io/docs/machines/api/working-with-machines-api/',
  base_url: 'https://api.machines.dev/v1',
  kinds: [
    {
      id: 'token',
      title: 'Deploy or organization token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Deploy or organization token',
          where: {
            url: 'https://fly.io/docs/security/tokens/',
            words: 'Run `fly tokens create deploy` for one app.',
          },
        },
      },
    },
  ],
}
