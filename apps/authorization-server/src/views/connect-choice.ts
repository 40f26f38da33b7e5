import type { Provider } from '@holdfast/providers'
import { html } from 'hono/html'
import { ticketPagePath } from '../connect/tickets.ts'
import { type Html, page } from './page.ts'

/** Asks which provider to connect. */
export function chooseProviderPage(ticket: string, providers: readonly Provider[]): Html {
  return page({
    title: 'Connect an account',
    content: html`<h1>Connect an account</h1>
      <form method="get" action="${ticketPagePath}/${ticket}">
        <label for="provider">Where is the account?</label>
        <select id="provider" name="provider" required>
          ${providers.map(({ name, title }) => html`<option value="${name}">${title}</option>`)}
        </select>
        <div class="actions"><button type="submit" class="primary">Continue</button></div>
      </form>`,
  })
}
