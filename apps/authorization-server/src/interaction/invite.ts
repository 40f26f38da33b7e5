import { html } from 'hono/html'
import type { NewAccountPage } from './new-account.ts'

/** The page on which an invited user sets a password. */
export const invitePage: NewAccountPage = {
  purpose: 'invite',
  action: '/invite',
  title: 'Join Holdfast',
  text: 'You have been invited. Choose a password for your account.',
  howToGetKey: 'Ask the administrator who invited you for a new link.',
  done: () => html`<p>You can close this page. Sign in whenever an app asks you to.</p>`,
}
