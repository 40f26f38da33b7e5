import type { ProviderData } from '../schema.ts'

export const spotify: ProviderData = {
  name: 'spotify',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Spotify',
  category: 'social',
  docs: 'https://developer.spotify.com/documentation/web-api/concepts/authorization',
  base_url: 'https://api.spotify.com/v1',
  kinds: [{ id: 'oauth', title: 'Sign in with Spotify', credential: { kind: 'oauth2' } }],
  oauth: {
    authorization_endpoint: 'https://accounts.spotify.com/authorize',
    token_endpoint: 'https://accounts.spotify.com/api/token',
    access_page: 'https://www.spotify.com/account/apps/',
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: true,
    scopes: {
      'user-read-private': 'Read your profile.',
      'user-read-email': 'Read your e-mail address.',
      'playlist-read-private': 'Read your private playlists.',
      'playlist-modify-private': 'Change your private playlists.',
      'user-modify-playback-state': 'Start and stop playback.',
    },
    default_scopes: ['user-read-private'],
    register_url: 'https://developer.spotify.com/dashboard',
  },
  identity: { path: '/me', account: ['/display_name', '/id'] },
  rate_limit: { retry_after: 'retry-after' },
}
