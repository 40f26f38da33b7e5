import type { ProviderData } from '../schema.ts'

export const langfuse: ProviderData = {
  name: 'langfuse',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Langfuse',
  category: 'data',
  docs: 'https://langfuse.com/docs/api-and-data-platform/features/public-api',
  base_url: 'https://{host}',
  self_hosted: true,
  variables: {
    host: {
      title: 'Region',
      example: 'cloud.langfuse.com',
      default: 'cloud.langfuse.com',
      choices: [
        'cloud.langfuse.com',
        'us.cloud.langfuse.com',
        'jp.cloud.langfuse.com',
        'hipaa.cloud.langfuse.com',
      ],
    },
  },
  kinds: [
    {
      id: 'keys',
      title: 'Public and secret key',
      credential: { kind: 'basic' },
      fields: {
        username: { title: 'Public key', visible: true, patterns: ['pk-lf-[0-9a-f-]{20,}'] },
        password: {
          title: 'Secret key',
          patterns: ['sk-lf-[0-9a-f-]{20,}'],
          where: { url: 'https://cloud.langfuse.com/', words: 'Project settings, API keys.' },
          wrong: [
            {
              patterns: ['pk-lf-[0-9a-f-]{20,}'],
              words: 'This is the public key. Give the secret key here.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/api/public/projects', account: ['/data/0/name'] },
}
