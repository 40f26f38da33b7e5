import type { ProviderData } from '../schema.ts'

export const postmark: ProviderData = {
  name: 'postmark',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Postmark',
  category: 'work',
  docs: 'https://postmarkapp.com/developer/api/overview',
  base_url: 'https://api.postmarkapp.com',
  headers: { accept: 'application/json' },
  kinds: [
    {
      id: 'server_token',
      title: 'Server API token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'X-Postmark-Server-Token',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'Server API token',
          patterns: ['[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'],
          where: {
            url: 'https://account.postmarkapp.com/servers',
            words: 'Open the server and then API Tokens. The account token is another one.',
          },
        },
      },
    },
  ],
  identity: { path: '/server', account: ['/Name'] },
  operations: [{ name: 'email.send', method: 'POST', path: '/email', words: 'Send mail.' }],
}
