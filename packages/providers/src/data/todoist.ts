import type { ProviderData } from '../schema.ts'

export const todoist: ProviderData = {
  name: 'todoist',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Todoist',
  category: 'work',
  docs: 'https://developer.todoist.com/api/v1/',
  base_url: 'https://api.todoist.com/api/v1',
  kinds: [
    {
      id: 'token',
      title: 'API token',
      credential: { kind: 'bearer' },
      fields: {
        token: {
          title: 'API token',
          patterns: ['[0-9a-f]{40}'],
          where: {
            url: 'https://app.todoist.com/app/settings/integrations/developer',
            words: 'Copy the API token.',
          },
        },
      },
    },
  ],
  identity: { path: '/user', account: ['/email', '/full_name'] },
  operations: [
    { name: 'tasks.list', method: 'GET', path: '/tasks', words: 'List tasks.' },
    { name: 'tasks.create', method: 'POST', path: '/tasks', words: 'Create a task.' },
  ],
}
