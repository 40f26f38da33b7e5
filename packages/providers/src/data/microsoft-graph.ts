import type { ProviderData } from '../schema.ts'

export const microsoftGraph: ProviderData = {
  name: 'microsoft-graph',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Microsoft Graph',
  category: 'work',
  docs: 'https://learn.microsoft.com/en-us/graph/auth/auth-concepts',
  base_url: 'https://graph.microsoft.com/v1.0',
  kinds: [{ id: 'oauth', title: 'Sign in with Microsoft', credential: { kind: 'oauth2' } }],
  oauth: {
    authorization_endpoint: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
    token_endpoint: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    // https://support.microsoft.com/account-billing/edit-or-revoke-application-permissions-in-the-my-apps-portal-169be2b4-ee26-4338-aea8-d19bb2f329ee
    access_page: 'https://myapps.microsoft.com',
    token_endpoint_auth_method: 'client_secret_post',
    pkce: true,
    scopes: {
      'User.Read': 'Read your profile.',
      'Mail.Read': 'Read your mail.',
      'Mail.Send': 'Send mail as you.',
      'Calendars.Read': 'Read your calendars.',
      'Calendars.ReadWrite': 'Read and change your calendars.',
      'Files.Read': 'Read your files.',
      'Chat.Read': 'Read your Teams chats.',
      offline_access: 'Stay connected when you are away.',
    },
    default_scopes: ['User.Read', 'offline_access'],
    register_url: 'https://entra.microsoft.com/',
  },
  identity: { path: '/me', account: ['/userPrincipalName', '/mail', '/displayName'] },
  rate_limit: { retry_after: 'retry-after' },
  operations: [
    { name: 'messages.list', method: 'GET', path: '/me/messages', words: 'List your mail.' },
    { name: 'mail.send', method: 'POST', path: '/me/sendMail', words: 'Send mail as you.' },
    { name: 'events.list', method: 'GET', path: '/me/events', words: 'List your events.' },
  ],
}
