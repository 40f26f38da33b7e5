import type { ProviderData } from '../schema.ts'

export const twilio: ProviderData = {
  name: 'twilio',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Twilio',
  category: 'work',
  docs: 'https://www.twilio.com/docs/usage/requests-to-twilio',
  base_url: 'https://api.twilio.com',
  kinds: [
    {
      id: 'auth_token',
      title: 'Account SID and auth token',
      credential: { kind: 'basic' },
      advice: 'The auth token may do everything; an API key can be revoked by itself.',
      fields: {
        username: {
          title: 'Account SID',
          visible: true,
          patterns: ['AC[0-9a-f]{32}'],
          wrong: [
            {
              patterns: ['SK[0-9a-f]{32}'],
              words: 'This is the SID of an API key. Choose --kind api_key.',
            },
          ],
        },
        password: {
          title: 'Auth token',
          patterns: ['[0-9a-f]{32}'],
          where: { url: 'https://console.twilio.com/', words: 'Account info on the console.' },
        },
      },
    },
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'basic' },
      fields: {
        username: {
          title: 'SID of the API key',
          visible: true,
          patterns: ['SK[0-9a-f]{32}'],
          wrong: [
            {
              patterns: ['AC[0-9a-f]{32}'],
              words:
                'This is the account SID. Choose --kind auth_token, or give the SID of the key.',
            },
          ],
        },
        password: {
          title: 'Secret of the API key',
          patterns: ['[A-Za-z0-9]{32}'],
          where: {
            url: 'https://console.twilio.com/us1/account/keys-credentials/api-keys',
            words: 'Create a standard or restricted key.',
          },
        },
      },
    },
  ],
  operations: [
    {
      name: 'messages.create',
      method: 'POST',
      path: '/2010-04-01/Accounts/*/Messages.json',
      words: 'Send a message.',
    },
  ],
}
