import type { ProviderData } from '../schema.ts'

export const pinecone: ProviderData = {
  name: 'pinecone',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Pinecone',
  category: 'data',
  docs: 'https://docs.pinecone.io/reference/api/authentication',
  base_url: 'https://api.pinecone.io',
  headers: { 'x-pinecone-api-version': '2025-04' },
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'Api-Key',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['pcsk_[A-Za-z0-9_]{30,}'],
          where: { url: 'https://app.pinecone.io/', words: 'Create a key in the project.' },
        },
      },
    },
  ],
  identity: { path: '/indexes', account: ['/indexes/0/name'] },
}
