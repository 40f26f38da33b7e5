import type { ProviderData } from '../schema.ts'

export const googleMaps: ProviderData = {
  name: 'google-maps',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Google Maps',
  category: 'data',
  docs: 'https://developers.google.com/maps/documentation/geocoding/get-api-key',
  base_url: 'https://maps.googleapis.com',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'api_key', in: 'query', name: 'key' },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['AIza[A-Za-z0-9_-]{35}'],
          where: {
            url: 'https://console.cloud.google.com/google/maps-apis/credentials',
            words: 'Create a key and restrict it to the APIs it needs.',
          },
        },
      },
    },
  ],
  operations: [
    {
      name: 'geocode',
      method: 'GET',
      path: '/maps/api/geocode/json',
      words: 'Find an address; each call is billed.',
    },
  ],
}
