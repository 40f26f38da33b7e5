import type { ProviderData } from '../schema.ts'
import { googleOauth, googleServiceAccount, googleSignIn } from './google-oauth.ts'

export const googleDrive: ProviderData = {
  name: 'google-drive',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Google Drive',
  category: 'work',
  docs: 'https://developers.google.com/workspace/drive/api/reference/rest/v3',
  base_url: 'https://www.googleapis.com/drive/v3',
  kinds: [googleSignIn, googleServiceAccount],
  oauth: googleOauth(
    {
      'https://www.googleapis.com/auth/drive.readonly': 'Read all files.',
      'https://www.googleapis.com/auth/drive.file':
        'Read and change only files opened or made with this app.',
      'https://www.googleapis.com/auth/drive.metadata.readonly': 'List files without reading them.',
    },
    ['https://www.googleapis.com/auth/drive.metadata.readonly'],
  ),
  identity: { path: '/about?fields=user', account: ['/user/emailAddress'] },
  operations: [
    { name: 'files.list', method: 'GET', path: '/files', words: 'List and search files.' },
    { name: 'files.get', method: 'GET', path: '/files/*', words: 'Read a file.' },
  ],
}
