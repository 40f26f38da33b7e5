import type { ProviderData } from '../schema.ts'
import { googleOauth, googleSignIn } from './google-oauth.ts'

export const youtube: ProviderData = {
  name: 'youtube',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'YouTube Data API',
  category: 'social',
  docs: 'https://developers.google.com/youtube/v3/docs',
  base_url: 'https://www.googleapis.com/youtube/v3',
  kinds: [
    googleSignIn,
    {
      id: 'api_key',
      title: 'API key for public data',
      credential: { kind: 'api_key', in: 'query', name: 'key' },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['AIza[A-Za-z0-9_-]{35}'],
          where: {
            url: 'https://console.cloud.google.com/apis/credentials',
            words: 'Create an API key and restrict it to the YouTube Data API.',
          },
        },
      },
    },
  ],
  oauth: googleOauth(
    {
      'https://www.googleapis.com/auth/youtube.readonly': 'Read your channel.',
      'https://www.googleapis.com/auth/youtube.upload': 'Upload videos.',
    },
    ['https://www.googleapis.com/auth/youtube.readonly'],
  ),
  identity: {
    path: '/channels?part=snippet&mine=true',
    account: ['/items/0/snippet/title'],
    kinds: ['oauth'],
  },
  operations: [
    { name: 'search', method: 'GET', path: '/search', words: 'Search videos and channels.' },
  ],
}
