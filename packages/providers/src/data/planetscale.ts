import type { ProviderData } from '../schema.ts'

export const planetscale: ProviderData = {
  name: 'planetscale',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'PlanetScale',
  category: 'data',
  docs: 'https://planetscale.com/docs/api/reference/service-tokens',
  base_url: 'https://api.planetscale.com/v1',
  kinds: [
    {
      id: 'service_token',
      title: 'Service token',
      credential: {
        kind: 'fields',
        fields: ['token_id', 'token'],
        inject: [{ in: 'header', name: 'Authorization', template: '{token_id}:{token}' }],
      },
      fields: {
        token_id: { title: 'Id of the service token', visible: true },
        token: {
          title: 'Service token',
          patterns: ['pscale_tkn_[A-Za-z0-9_-]{30,}'],
          where: {
            url: 'https://app.planetscale.com/',
            words: 'Create it in the settings of the organization under Service tokens.',
          },
        },
      },
    },
  ],
  identity: { path: '/organizations', account: ['/data/0/name'] },
}
