import type { ProviderData } from '../schema.ts'
import { googleOauth, googleServiceAccount, googleSignIn } from './google-oauth.ts'

export const googleCalendar: ProviderData = {
  name: 'google-calendar',
  verified: 'docs',
  checked: '2026-11-23',
  title: 'Google Calendar',
  category: 'work',
  docs: 'https://developers.google.com/workspace/calendar/api/v3/reference',
  base_url: 'https://www.googleapis.com/calendar/v3',
  kinds: [googleSignIn, googleServiceAccount],
  oauth: googleOauth(
    {
      'https://www.googleapis.com/auth/calendar.readonly': 'Read all calendars.',
      'https://www.googleapis.com/auth/calendar.events': 'Read and change events.',
    },
    ['https://www.googleapis.com/auth/calendar.readonly'],
  ),
  identity: { path: '/calendars/primary', account: ['/id', '/summary'] },
  operations: [
    { name: 'events.list', method: 'GET', path: '/calendars/*/events', words: 'List events.' },
    {
      name: 'events.insert',
      method: 'POST',
      path: '/calendars/*/events',
      words: 'Create an event.',
    },
  ],
}
