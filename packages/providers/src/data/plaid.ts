import type { ProviderData } from '../schema.ts'

export const plaid: ProviderData = {
  name: 'plaid',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Plaid',
  category: 'commerce',
  docs: 'https://plaid.com/docs/api/',
  base_url: 'https://{host}',
  variables: {
    host: {
      title: 'Production or sandbox',
      example: 'production.plaid.com',
      default: 'production.plaid.com',
      choices: ['production.plaid.com', 'sandbox.plaid.com'],
    },
  },
  kinds: [
    {
      id: 'keys',
      title: 'Client id and secret',
      credential: {
        kind: 'fields',
        fields: ['client_id', 'secret'],
        inject: [
          { in: 'header', name: 'PLAID-CLIENT-ID', template: '{client_id}' },
          { in: 'header', name: 'PLAID-SECRET', template: '{secret}' },
        ],
      },
      fields: {
        client_id: { title: 'Client id', visible: true, patterns: ['[0-9a-f]{24}'] },
        secret: {
          title: 'Secret of this environment',
          patterns: ['[0-9a-f]{30}'],
          where: {
            url: 'https://dashboard.plaid.com/developers/keys',
            words: 'Each environment has its own secret.',
          },
        },
      },
    },
  ],
  operations: [
    {
      name: 'transactions.sync',
      method: 'POST',
      path: '/transactions/sync',
      words: 'Read transactions.',
    },
    { name: 'accounts.get', method: 'POST', path: '/accounts/get', words: 'Read accounts.' },
  ],
}
