import type { ProviderData } from '../schema.ts'

export const braveSearch: ProviderData = {
  name: 'brave-search',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Brave Search',
  category: 'search',
  docs: 'https://api.search.brave.com/app/documentation/web-search/request-headers',
  base_url: 'https://api.search.brave.com/res/v1',
  headers: { accept: 'application/json' },
  kinds: [
    {
      id: 'api_key',
      title: 'Subscription token',
      credential: {
        kind: 'api_key',
        in: 'header',
        header_name: 'X-Subscription-Token',
        header_template: '{api_key}',
      },
      fields: {
        api_key: {
          title: 'API key',
          where: {
            url: 'https://api-dashboard.search.brave.com/app/keys',
            words: 'Create a key for your plan.',
          },
        },
      },
    },
  ],
  rate_limit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset',
  },
  operations: [
    {
      name: 'web.search',
      method: 'GET',
      path: '/web/search',
      words: 'Search the web; each call counts against the plan.',
    },
    { name: 'news.search', method: 'GET', path: '/news/search', words: 'Search the news.' },
  ],
}
