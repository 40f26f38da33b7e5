import type { ProviderData } from '../schema.ts'
import { googleOauth, googleServiceAccount, googleSignIn } from './google-oauth.ts'

export const googleSheets: ProviderData = {
  name: 'google-sheets',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Google Sheets',
  category: 'work',
  docs: 'https://developers.google.com/workspace/sheets/api/reference/rest',
  base_url: 'https://sheets.googleapis.com',
  kinds: [googleSignIn, googleServiceAccount],
  oauth: googleOauth(
    {
      'https://www.googleapis.com/auth/spreadsheets.readonly': 'Read all spreadsheets.',
      'https://www.googleapis.com/auth/spreadsheets': 'Read and change all spreadsheets.',
    },
    ['https://www.googleapis.com/auth/spreadsheets.readonly'],
  ),
  operations: [
    {
      name: 'values.get',
      method: 'GET',
      path: '/v4/spreadsheets/*/values/*',
      words: 'Read cells.',
    },
    {
      name: 'values.append',
      method: 'POST',
      path: '/v4/spreadsheets/*/values/*',
      words: 'Append rows.',
    },
  ],
}
