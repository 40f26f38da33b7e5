import type { ProviderData } from '../schema.ts'

export const telegramBot: ProviderData = {
  name: 'telegram-bot',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Telegram bot',
  category: 'social',
  docs: 'https://core.telegram.org/bots/api',
  base_url: 'https://api.telegram.org',
  self_hosted: true,
  kinds: [
    {
      id: 'token',
      title: 'Bot token',
      credential: { kind: 'api_key', in: 'path', template: '/bot{api_key}' },
      fields: {
        api_key: {
          title: 'Bot token',
          patterns: ['\\d{8,12}:[A-Za-z0-9_-]{35}'],
          where: { url: 'https://t.me/BotFather', words: 'Send /newbot or /token to BotFather.' },
          wrong: [
            { patterns: ['\\d{5,12}'], words: 'This is an id. The token has a colon after it.' },
            {
              patterns: ['bot\\d{8,12}:[A-Za-z0-9_-]{35}'],
              words: 'Leave out the word bot before the number.',
            },
          ],
        },
      },
    },
  ],
  identity: { path: '/getMe', account: ['/result/username'], ok: '/ok' },
  operations: [
    { name: 'messages.send', method: 'POST', path: '/sendMessage', words: 'Send a message.' },
    {
      name: 'updates.get',
      method: 'GET',
      path: '/getUpdates',
      words: 'Read what was sent to the bot.',
    },
  ],
}
