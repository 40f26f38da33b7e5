import type { ProviderData } from '../schema.ts'
import { googleOauth, googleServiceAccount, googleSignIn } from './google-oauth.ts'

export const gmail: ProviderData = {
  name: 'gmail',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Gmail',
  category: 'work',
  docs: 'https://developers.google.com/workspace/gmail/api/reference/rest',
  base_url: 'https://gmail.googleapis.com',
  kinds: [googleSignIn, googleServiceAccount],
  oauth: googleOauth(
    {
      'https://www.googleapis.com/auth/gmail.readonly': 'Read all mail.',
      'https://www.googleapis.com/auth/gmail.send': 'Send mail as you.',
      'https://www.googleapis.com/auth/gmail.modify':
        'Read, send and label mail, without deleting it for good.',
      'https://www.googleapis.com/auth/gmail.labels': 'See and change labels.',
    },
    ['https://www.googleapis.com/auth/gmail.readonly'],
  ),
  identity: { path: '/gmail/v1/users/me/profile', account: ['/emailAddress'] },
  operations: [
    {
      name: 'messages.list',
      method: 'GET',
      path: '/gmail/v1/users/me/messages',
      words: 'List and search messages.',
    },
    {
      name: 'messages.get',
      method: 'GET',
      path: '/gmail/v1/users/me/messages/*',
      words: 'Read a message.',
    },
    {
      name: 'messages.send',
      method: 'POST',
      path: '/gmail/v1/users/me/messages/send',
      words: 'Send a message.',
    },
    {
      name: 'drafts.create',
      method: 'POST',
      path: '/gmail/v1/users/me/drafts',
      words: 'Write a draft.',
    },
  ],
}
