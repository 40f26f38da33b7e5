import type { ProviderData } from '../schema.ts'

export const datadog: ProviderData = {
  name: 'datadog',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Datadog',
  category: 'cloud',
  docs: 'https://docs.datadoghq.com/api/latest/authentication/',
  base_url: 'https://api.{site}',
  variables: {
    site: {
      title: 'Site of your organization',
      example: 'datadoghq.com',
      words: 'The address of the web app without app.',
      default: 'datadoghq.com',
      choices: [
        'datadoghq.com',
        'us3.datadoghq.com',
        'us5.datadoghq.com',
        'datadoghq.eu',
        'ap1.datadoghq.com',
        'ap2.datadoghq.com',
        'ddog-gov.com',
      ],
    },
  },
  kinds: [
    {
      id: 'keys',
      title: 'API key and application key',
      credential: {
        kind: 'fields',
        fields: ['api_key', 'application_key'],
        inject: [
          { in: 'header', name: 'DD-API-KEY', template: '{api_key}' },
          { in: 'header', name: 'DD-APPLICATION-KEY', template: '{application_key}' },
        ],
      },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['[0-9a-f]{32}'],
          where: {
            url: 'https://app.datadoghq.com/organization-settings/api-keys',
            words: 'Create an API key.',
          },
          wrong: [
            {
              patterns: ['[0-9a-f]{40}'],
              words: 'This is as long as an application key; the API key comes first.',
            },
          ],
        },
        application_key: {
          title: 'Application key',
          patterns: ['[0-9a-f]{40}'],
          where: {
            url: 'https://app.datadoghq.com/organization-settings/application-keys',
            words: 'Create an application key with scopes.',
          },
        },
      },
    },
  ],
  identity: { path: '/api/v1/validate', ok: '/valid' },
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
}
