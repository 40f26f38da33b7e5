import { html } from 'hono/html'
import { type Html, page } from './page.ts'

/** Leads back to the client by itself, with a link for when it does not. */
export function handOffPage(target: URL): Html {
  const place = target.host === '' ? `${target.protocol}//` : target.host
  const refused = target.searchParams.has('error') || target.hash.includes('error=')
  return page({
    title: 'Returning to the app',
    refresh: target.href,
    content: html`<h1>Returning to ${place}…</h1>
      <p role="status">
        ${refused ? 'Nothing was granted.' : 'Access was granted.'} You are being sent back to the
        app. You can close this tab afterwards.
      </p>
      <p>
        If nothing happens:
        <a id="continue" href="${target.href}" rel="noreferrer">continue to ${place}</a>
      </p>`,
  })
}
