import { html } from 'hono/html'
import { type Html, page } from './page.ts'

export interface NewPasswordView {
  readonly title: string
  readonly text: string
  readonly action: '/setup' | '/invite'
  readonly key: string
  /** An address that may not be changed. */
  readonly fixedEmail?: string | undefined
  readonly email?: string | undefined
  readonly error?: string | undefined
  /** The page is neither on https nor on localhost. */
  readonly insecure: boolean
}

/** Makes an account: e-mail address and a new password. */
export function newPasswordPage(view: NewPasswordView): Html {
  return page({
    title: view.title,
    content: html`<h1>${view.title}</h1>
      <p>${view.text}</p>
      ${
        view.insecure
          ? html`<p class="notice">
              This page is not encrypted: anyone on the network can read the password. Set an https
              issuer, or open the server on localhost.
            </p>`
          : ''
      }
      ${view.error === undefined ? '' : html`<p class="error" role="alert">${view.error}</p>`}
      <form method="post" action="${view.action}">
        <input type="hidden" name="key" value="${view.key}" />
        <label for="email">E-mail address</label>
        <input
          id="email"
          name="email"
          type="email"
          required
          maxlength="254"
          autocomplete="username"
          value="${view.fixedEmail ?? view.email ?? ''}"
          ${view.fixedEmail === undefined ? '' : 'readonly'}
        />
        <label for="password">New password</label>
        <input
          id="password"
          name="password"
          type="password"
          required
          minlength="12"
          maxlength="256"
          autocomplete="new-password"
          aria-describedby="password-hint"
        />
        <p id="password-hint" class="soft">
          At least 12 characters. A few words in a row are easy to remember.
        </p>
        <label for="repeat">The same password again</label>
        <input
          id="repeat"
          name="repeat"
          type="password"
          required
          maxlength="256"
          autocomplete="new-password"
        />
        <div class="actions">
          <button type="submit" class="primary">Create account</button>
        </div>
      </form>`,
  })
}
