import type { ProviderData } from '../schema.ts'

export const stripe: ProviderData = {
  name: 'stripe',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Stripe',
  category: 'commerce',
  docs: 'https://docs.stripe.com/keys',
  base_url: 'https://api.stripe.com',
  kinds: [
    {
      id: 'restricted',
      title: 'Restricted key',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Restricted key',
          patterns: ['rk_live_[A-Za-z0-9]{20,}', 'rk_test_[A-Za-z0-9]{20,}'],
          where: {
            url: 'https://dashboard.stripe.com/apikeys',
            words: 'Create a restricted key with the permissions it needs.',
          },
          wrong: [
            {
              patterns: ['sk_live_[A-Za-z0-9]{20,}', 'sk_test_[A-Za-z0-9]{20,}'],
              words:
                'This is a secret key: it may move money. Create a restricted key, or choose --kind secret.',
            },
            {
              patterns: ['pk_live_[A-Za-z0-9]{20,}', 'pk_test_[A-Za-z0-9]{20,}'],
              words:
                'This is a publishable key: it is meant for browsers and cannot read anything. Create a restricted key.',
            },
            {
              patterns: ['whsec_[A-Za-z0-9+/=]{20,}'],
              words: 'This is the signing secret of a webhook. Create a restricted key.',
            },
          ],
        },
      },
    },
    {
      id: 'secret',
      title: 'Secret key',
      credential: { kind: 'bearer' },
      advice: 'A secret key may do everything, also move money; a restricted key is safer.',
      fields: {
        token: {
          title: 'Secret key',
          patterns: ['sk_live_[A-Za-z0-9]{20,}', 'sk_test_[A-Za-z0-9]{20,}'],
          where: {
            url: 'https://dashboard.stripe.com/apikeys',
            words: 'Reveal or roll the secret key.',
          },
          wrong: [
            {
              patterns: ['pk_live_[A-Za-z0-9]{20,}', 'pk_test_[A-Za-z0-9]{20,}'],
              words:
                'This is a publishable key: it is meant for browsers and cannot read anything. Use a restricted or a secret key.',
            },
            {
              patterns: ['rk_live_[A-Za-z0-9]{20,}', 'rk_test_[A-Za-z0-9]{20,}'],
              words: 'This is a restricted key: good. Choose --kind restricted.',
            },
            {
              patterns: ['whsec_[A-Za-z0-9+/=]{20,}'],
              words: 'This is the signing secret of a webhook. Use a restricted or a secret key.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/v1/account', account: ['/settings/dashboard/display_name', '/email', '/id'] },
  operations: [
    { name: 'customers.list', method: 'GET', path: '/v1/customers', words: 'List customers.' },
    { name: 'invoices.list', method: 'GET', path: '/v1/invoices', words: 'List invoices.' },
    { name: 'balance.get', method: 'GET', path: '/v1/balance', words: 'Read the balance.' },
    { name: 'refunds.create', method: 'POST', path: '/v1/refunds', words: 'Give money back.' },
  ],
}
