import type { Connection } from '@holdfast/storage'
import { html } from 'hono/html'
import { ticketPagePath } from '../connect/tickets.ts'
import { accountOf } from '../connections/account.ts'
import { existingLink } from './connect-existing.ts'
import { allowChoice, byWay, type ConnectPageView, whoAsks } from './connect-page-view.ts'
import { messagePage } from './message.ts'
import { type Html, page } from './page.ts'

/** Leads to a sign-in at the provider. No script: the code that comes back goes to the enclave. */
export function oauthTicketPage(view: ConnectPageView, csrf: string): Html {
  const { ticket, title, apps, kinds } = view
  return page({
    title: `Connect ${title}`,
    content: html`<h1>Connect ${title}</h1>
      ${whoAsks(view)}
      <form method="post" action="${ticketPagePath}/${ticket}/oauth">
        <input type="hidden" name="csrf" value="${csrf}" />
        ${allowChoice(view)}
        ${
          apps.length === 1
            ? html`<input type="hidden" name="app" value="${apps[0]?.handle ?? ''}" />`
            : html`<label for="app">Sign in with</label>
                <select id="app" name="app">
                  ${apps.map(({ handle, label }) => html`<option value="${handle}">${label}</option>`)}
                </select>`
        }
        <p>
          You sign in at ${title} and allow access there. What ${title} hands out goes to the
          enclave of this server and to nobody else.
        </p>
        <div class="actions">
          <button type="submit" class="primary">Continue to ${title}</button>
        </div>
      </form>
      ${kinds.length === 0 ? '' : html`<p><a href="${byWay(view, 'key')}">Paste a key instead</a></p>`}
      ${existingLink(view)}`,
  })
}

/** What a used ticket has led to. */
export const connectedTicketPage = (
  connection: Connection,
  allowed: string,
  returnTo: string | undefined,
): Html => {
  const { handle, provider, label } = connection
  const account = accountOf(connection)
  return messagePage(
    'Connected',
    html`<p role="status">${label ?? provider} is connected. ${whatNext(returnTo)}</p>
      <dl>
        ${
          account === undefined
            ? ''
            : html`<dt>Account</dt>
                <dd>${account}</dd>`
        }
        <dt>Connection</dt>
        <dd><code>${handle}</code></dd>
        <dt>What it is allowed</dt>
        <dd>${allowed}</dd>
      </dl>`,
  )
}

const whatNext = (returnTo: string | undefined): Html | string =>
  returnTo === undefined
    ? 'You can close this tab.'
    : html`<a href="${returnTo}">Go on and decide about the app</a>`
