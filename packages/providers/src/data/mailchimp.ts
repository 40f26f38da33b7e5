import type { ProviderData } from '../schema.ts'

export const mailchimp: ProviderData = {
  name: 'mailchimp',
  verified: 'unverified',
  checked: '2026-11-23',
  title: 'Mailchimp Marketing',
  category: 'work',
  docs: 'https://mailchimp.com/developer/marketing/docs/fundamentals/',
  base_url: 'https://{dc}.api.mailchimp.com/3.0',
  variables: {
    dc: {
      title: 'Data centre, which the key ends with',
      example: 'us21',
      pattern: '[a-z]{2}\\d{1,2}',
      words: 'The part of the API key after the dash.',
    },
  },
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'basic' },
      fields: {
        username: { title: 'Any user name', constant: 'holdfast' },
        password: {
          title: 'API key',
          patterns: ['[0-9a-f]{32}-[a-z]{2}\\d{1,2}'],
          where: {
            url: 'https://admin.mailchimp.com/account/api/',
            words: 'Create a key under Extras, API keys.',
          },
          wrong: [
            {
              patterns: ['md-[A-Za-z0-9_-]{22}'],
              words: 'This is a key of Mailchimp Transactional, another API.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/?fields=account_name,email', account: ['/account_name', '/email'] },
}
