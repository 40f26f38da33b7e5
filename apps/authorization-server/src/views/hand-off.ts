import { html } from 'hono/html'
import { type Html, page } from './page.ts'

/** True when the client is told of an error. */
export const isRefusal = (target: URL): boolean =>
  target.searchParams.has('error') || target.hash.includes('error=')

const placeOf = (target: URL): string => (target.host === '' ? `${target.protocol}//` : target.host)

const linkTo = (target: URL): Html =>
  html`<a id="continue" href="${target.href}" rel="noreferrer">continue to ${placeOf(target)}</a>`

/** Leads nowhere by itself: the person decides whether to follow an app that nobody vouches for. */
export function detourPage(target: URL): Html {
  return page({
    title: 'This request cannot be completed',
    content: html`<h1>This request cannot be completed</h1>
      <p role="status">
        Nothing was granted. An app that registered itself asked for something that this server
        refuses. If you do not know ${placeOf(target)}, close this tab.
      </p>
      <p>To see what the app says: ${linkTo(target)}</p>`,
  })
}

/** Leads back to the client by itself, with a link for when it does not. */
export function handOffPage(target: URL): Html {
  const place = placeOf(target)
  return page({
    title: 'Returning to the app',
    refresh: target.href,
    content: html`<h1>Returning to ${place}…</h1>
      <p role="status">
        ${isRefusal(target) ? 'Nothing was granted.' : 'Access was granted.'} You are being sent
        back to the app. You can close this tab afterwards.
      </p>
      <p>If nothing happens: ${linkTo(target)}</p>`,
  })
}
