import type { ProviderData } from '../schema.ts'

const where = {
  url: 'https://supabase.com/dashboard/project/_/settings/api-keys',
  words: 'Create a secret key for this use.',
}
const wrong = [
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
]

export const supabase: ProviderData = {
  name: 'supabase',
  verified: 'docs',
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
        kind: 'api_key',
        in: 'header',
        header_name: 'apikey',
        header_template: '{api_key}',
      },
      advice: 'A secret key passes row-level security; allow only the paths that are needed.',
      fields: {
        api_key: {
          title: 'Secret key',
          patterns: ['sb_secret_[A-Za-z0-9_-]{20,}'],
          where,
          wrong: [
            ...wrong,
            {
              patterns: ['eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}'],
              words:
                'This is a key of the old kind, which Supabase retires. Create a secret key, or choose --kind service_role.',
            },
          ],
        },
      },
    },
    {
      id: 'service_role',
      title: 'service_role key of the old kind',
      credential: {
        kind: 'fields',
        fields: ['api_key'],
        inject: [
          { in: 'header', name: 'apikey', template: '{api_key}' },
          { in: 'header', name: 'Authorization', template: 'Bearer {api_key}' },
        ],
      },
      advice: 'Supabase retires these keys; a secret key can be revoked by itself.',
      fields: {
        api_key: {
          title: 'service_role key',
          patterns: ['eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}'],
          where,
          wrong,
        },
      },
    },
  ],
  identity: { path: '/rest/v1/' },
}
