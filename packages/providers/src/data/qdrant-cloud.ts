import type { ProviderData } from '../schema.ts'

export const qdrantCloud: ProviderData = {
  name: 'qdrant-cloud',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Qdrant Cloud',
  category: 'data',
  docs: 'https://qdrant.tech/documentation/cloud/authentication/',
  base_url: 'https://{cluster}.{region}.{cloud}.cloud.qdrant.io:6333',
  self_hosted: true,
  variables: {
    cluster: { title: 'Id of the cluster', example: '0a1b2c3d-0000-0000-0000-000000000000' },
    region: { title: 'Region', example: 'eu-central-1-0' },
    cloud: { title: 'Cloud', example: 'aws', choices: ['aws', 'gcp', 'azure'], default: 'aws' },
  },
  kinds: [
    {
      id: 'api_key',
      title: 'Database API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'api-key',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          where: {
            url: 'https://cloud.qdrant.io/',
            words: 'Create a database key for the cluster, read-only if that is enough.',
          },
        },
      },
    },
  ],
  identity: { path: '/collections', ok: '/result/collections' },
}
