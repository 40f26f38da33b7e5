import type { ProviderData } from '../schema.ts'

export const shopify: ProviderData = {
  name: 'shopify',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Shopify Admin',
  category: 'commerce',
  docs: 'https://shopify.dev/docs/api/admin-rest',
  base_url: 'https://{shop}.myshopify.com',
  variables: {
    shop: {
      title: 'Name of the shop',
      example: 'acme-store',
      words: 'The part before .myshopify.com.',
    },
  },
  kinds: [
    {
      id: 'token',
      title: 'Admin API access token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'X-Shopify-Access-Token',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'Admin API access token',
          patterns: ['shpat_[0-9a-fA-F]{32}', 'shpca_[0-9a-fA-F]{32}'],
          where: {
            url: 'https://admin.shopify.com/store/{shop}/settings/apps/development',
            words: 'Develop an app, install it, and reveal the token once.',
          },
          wrong: [
            {
              patterns: ['shpss_[0-9a-fA-F]{32}'],
              words:
                'This is the secret of the app. Install the app and copy the Admin API access token.',
            },
            {
              patterns: ['[0-9a-f]{32}'],
              words:
                'This is the API key or the storefront token. Copy the Admin API access token.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/admin/api/2025-07/shop.json', account: ['/shop/name', '/shop/domain'] },
  rate_limit: { limit: 'x-shopify-shop-api-call-limit', retry_after: 'retry-after' },
}
