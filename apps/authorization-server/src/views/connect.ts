import type { ConnectionInfo } from '@holdfast/storage'
import { html } from 'hono/html'
import { messagePage } from './message.ts'
import { type Html, page } from './page.ts'
import { signInFields } from './sign-in-fields.ts'

export interface ConnectSignInView {
  /** Where the form goes; undefined for the page's own address. */
  readonly action: string | undefined
  readonly ticket: string
  readonly csrf: string
  readonly error: string | undefined
}

/** Asks who connects an account, when this browser does not know. */
export function connectSignInPage({ action, ticket, csrf, error }: ConnectSignInView): Html {
  return page({
    title: 'Sign in to connect',
    content: html`<h1>Sign in to connect</h1>
      <p class="soft">You are about to connect an account at a provider with Holdfast.</p>
      ${error === undefined ? '' : html`<p class="error" role="alert">${error}</p>`}
      <form method="post" ${action === undefined ? '' : html`action="${action}"`}>
        <input type="hidden" name="ticket" value="${ticket}" />
        <input type="hidden" name="csrf" value="${csrf}" />
        ${signInFields()}
        <div class="actions"><button type="submit" class="primary">Sign in</button></div>
      </form>`,
  })
}

/** Leads to the provider by itself. */
export function toProviderPage(url: string): Html {
  const { host } = new URL(url)
  return page({
    title: 'Going to the provider',
    refresh: url,
    content: html`<h1>Going to ${host}…</h1>
      <p>
        If nothing happens:
        <a id="continue" href="${url}" rel="noreferrer">continue to ${host}</a>
      </p>`,
  })
}

/** Another account than the connection had before. */
export interface AccountChange {
  readonly former: string
  /** Where the person came from. */
  readonly next: string | undefined
}

/** The end of a sign-in at a provider. */
export const connectedPage = (
  { handle, provider, label }: ConnectionInfo,
  account: string | undefined,
  change: AccountChange | undefined,
): Html => {
  const as = account === undefined ? '' : html` as <b>${account}</b>`
  const close = change === undefined ? 'You can close this tab.' : ''
  return messagePage(
    change === undefined ? 'Connected' : 'Connected as somebody else',
    html`<p role="status">${label ?? provider} is connected${as}. ${close}</p>
      ${change === undefined ? '' : otherAccount(handle, change)}`,
  )
}

const otherAccount = (handle: string, { former, next }: AccountChange): Html =>
  html`<p class="notice" role="alert">
      It was <b>${former}</b> until now. Whoever may use this connection uses the new account from
      now on. If you did not mean that, sign out at the provider, and sign in as ${former}:
      <code>holdfast connections reconnect ${handle}</code>
    </p>
    <p>
      ${next === undefined ? 'If you did, you can close this tab.' : html`<a href="${next}">I meant that: go on</a>`}
    </p>`
