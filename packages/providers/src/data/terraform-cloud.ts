import type { ProviderData } from '../schema.ts'

export const terraformCloud: ProviderData = {
  name: 'terraform-cloud',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'HCP Terraform',
  category: 'cloud',
  docs: 'https://developer.hashicorp.com/terraform/cloud-docs/api-docs',
  base_url: 'https://app.terraform.io/api/v2',
  self_hosted: true,
  kinds: [
    {
      id: 'token',
      title: 'User or team token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API token',
          patterns: ['[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9]{60,}'],
          where: {
            url: 'https://app.terraform.io/app/settings/tokens',
            words: 'Create an API token.',
          },
        },
      },
    },
  ],
  identity: {
    path: '/account/details',
    account: ['/data/attributes/username', '/data/attributes/email'],
  },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
