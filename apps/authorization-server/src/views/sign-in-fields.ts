import { html } from 'hono/html'
import type { Html } from './page.ts'

/** The two fields of every sign-in form, so that password managers meet the same ones everywhere. */
export const signInFields = (email = ''): Html =>
  html`<label for="email">E-mail address</label>
    <input
      id="email"
      name="email"
      type="email"
      required
      maxlength="254"
      autocomplete="username"
      value="${email}"
    />
    <label for="password">Password</label>
    <input
      id="password"
      name="password"
      type="password"
      required
      maxlength="256"
      autocomplete="current-password"
    />`
