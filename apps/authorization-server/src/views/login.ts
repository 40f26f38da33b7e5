import { html } from 'hono/html'
import { type Html, page } from './page.ts'
import { signInFields } from './sign-in-fields.ts'

export interface LoginView {
  readonly uid: string
  readonly csrf: string
  /** Who asks for the sign-in. */
  readonly clientName: string
  readonly email?: string | undefined
  readonly error?: string | undefined
}

/** Sign-in with e-mail address and password. */
export function loginPage(view: LoginView): Html {
  return page({
    title: 'Sign in',
    content: html`<h1>Sign in</h1>
      <p class="soft">to continue with ${view.clientName}</p>
      ${view.error === undefined ? '' : html`<p class="error" role="alert">${view.error}</p>`}
      <form method="post" action="/interaction/${view.uid}/login">
        <input type="hidden" name="csrf" value="${view.csrf}" />
        ${signInFields(view.email)}
        <div class="actions">
          <button type="submit" class="primary">Sign in</button>
          <button type="submit" formaction="/interaction/${view.uid}/abort" formnovalidate>
            Cancel
          </button>
        </div>
      </form>`,
  })
}
