import { html } from 'hono/html'
import { ticketPagePath } from '../connect/tickets.ts'
import { byWay, type ConnectPageView, whoAsks } from './connect-page-view.ts'
import { type Html, page } from './page.ts'

/** Leads to what its owner has connected before, where there is any of it. */
export const existingLink = (view: ConnectPageView): Html | '' =>
  view.existing.length === 0
    ? ''
    : html`<p><a href="${byWay(view, 'existing')}">Use an account that you have connected</a></p>`

/** Asks which of the connections that its owner has is meant. No script, and no secret. */
export const existingPage = (view: ConnectPageView, csrf: string): Html =>
  page({
    title: `Connect ${view.title}`,
    content: html`<h1>Connect ${view.title}</h1>
      ${whoAsks(view)}
      <form method="post" action="${ticketPagePath}/${view.ticket}/existing">
        <input type="hidden" name="csrf" value="${csrf}" />
        <label for="connection">Which account</label>
        <select id="connection" name="connection">
          ${view.existing.map(
            ({ handle, words }) => html`<option value="${handle}">${words}</option>`,
          )}
        </select>
        <p class="soft">It stays allowed what it is allowed now.</p>
        <div class="actions"><button type="submit" class="primary">Use this account</button></div>
      </form>
      <p><a href="${byWay(view, 'new')}">Connect another account</a></p>`,
  })
