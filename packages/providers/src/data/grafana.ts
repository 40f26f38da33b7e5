import type { ProviderData } from '../schema.ts'

export const grafana: ProviderData = {
  name: 'grafana',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Grafana',
  category: 'cloud',
  docs: 'https://grafana.com/docs/grafana/latest/administration/service-accounts/',
  base_url: 'https://{stack}.grafana.net',
  self_hosted: true,
  variables: {
    stack: {
      title: 'Name of the stack',
      example: 'acme',
      words: 'The first part of the address of your Grafana.',
    },
  },
  kinds: [
    {
      id: 'service_account',
      title: 'Service account token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'Service account token',
          patterns: ['glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}'],
          where: {
            url: 'https://grafana.com/docs/grafana/latest/administration/service-accounts/',
            words: 'Administration, Users and access, Service accounts: add a token.',
          },
          wrong: [
            {
              patterns: ['glc_[A-Za-z0-9_=+/-]{20,}'],
              words:
                'This is a Cloud access policy token: it sends telemetry and cannot call this API.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/api/org', account: ['/name'] },
}
