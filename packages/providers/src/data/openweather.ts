import type { ProviderData } from '../schema.ts'

export const openweather: ProviderData = {
  name: 'openweather',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'OpenWeather',
  category: 'data',
  docs: 'https://openweathermap.org/appid',
  base_url: 'https://api.openweathermap.org',
  kinds: [
    {
      id: 'api_key',
      title: 'API key',
      credential: { kind: 'api_key', in: 'query', name: 'appid' },
      fields: {
        api_key: {
          title: 'API key',
          patterns: ['[0-9a-f]{32}'],
          where: {
            url: 'https://home.openweathermap.org/api_keys',
            words: 'Create a key; it works after a while.',
          },
        },
      },
    },
  ],
  identity: { path: '/data/2.5/weather?lat=0&lon=0' },
  operations: [
    {
      name: 'weather.current',
      method: 'GET',
      path: '/data/2.5/weather',
      words: 'Current weather.',
    },
    { name: 'weather.forecast', method: 'GET', path: '/data/2.5/forecast', words: 'Forecast.' },
  ],
}
