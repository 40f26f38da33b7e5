import type { ProviderData } from '../schema.ts'

export const supabase: ProviderData = {
  name: 'supabase',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Supabase project',
  category: 'data',
  docs: 'https://supabase.com/docs/guides/api/api-keys',
  base_url: 'https://{project}.supabase.co',
  variables: {
    project: {
      title: 'Reference of the project',
      example: 'abcdefghijklmnopqrst',
      pattern: '[a-z0-9]{20}',
      words: 'The first part of the project URL under Data API.',
    },
  },
  kinds: [
    {
      id: 'secret_key',
      title: 'Secret key',
      credential: {
        kind: 'fields',
        fields: ['api_key'],
        inject: [
          { in: 'header', name: 'apikey', template: '{api_key}' },
          { in: 'header', name: 'Authorization', template: 'Bearer {api_key}' },
        ],
      },
      advice: 'A secret key passes row-level security; allow only the paths that are needed.',
      fields: {
        api_key: {
          title: 'Secret key',
          patterns: [
            'sb_secret_[A-Za-z0-9_-]{20,}',
            'eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}',
          ],
          where: {
            url: 'https://supabase.com/dashboard/project/_/settings/api-keys',
            words: 'Create a secret key for this use.',
          },
          wrong: [
            {
              patterns: ['sb_publishable_[A-Za-z0-9_-]{20,}'],
              words:
                'This is the publishable key: it is meant for browsers and sees only what everybody may. Use a secret key.',
            },
            {
              patterns: ['sbp_[0-9a-f]{40}'],
              words:
                'This is an access token of the management API. Choose the provider supabase-management.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/rest/v1/' },
}
