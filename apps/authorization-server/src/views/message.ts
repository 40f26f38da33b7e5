import { html } from 'hono/html'
import { cloneNote } from './clone-note.ts'
import { type Html, page } from './page.ts'

export interface ErrorText {
  readonly title: string
  /** What to do. */
  readonly text: string
  /** What an administrator can do, as a command. */
  readonly fix?: string | undefined
  /** For developers: the protocol's error code and description. */
  readonly code?: string | undefined
  readonly detail?: string | undefined
  readonly requestId?: string | undefined
}

/** Says what went wrong, what to do, and, folded away, what a developer needs. */
export function errorPage({ title, text, fix, code, detail, requestId }: ErrorText): Html {
  return page({
    title,
    content: html`<h1>${title}</h1>
      <p role="alert">${text}</p>
      ${
        fix === undefined
          ? ''
          : html`<p class="soft">For an administrator: <code>${fix}</code></p>
              ${cloneNote()}`
      }
      ${
        code === undefined && requestId === undefined
          ? ''
          : html`<details>
              <summary>For developers</summary>
              <dl>
                ${
                  code === undefined
                    ? ''
                    : html`<dt>Error</dt>
                        <dd><code>${code}</code></dd>`
                }
                ${
                  detail === undefined
                    ? ''
                    : html`<dt>Description</dt>
                        <dd>${detail}</dd>`
                }
                ${
                  requestId === undefined
                    ? ''
                    : html`<dt>Request</dt>
                        <dd><code>${requestId}</code></dd>`
                }
              </dl>
            </details>`
      }`,
  })
}

/** A page that only tells something. */
export function messagePage(title: string, content: Html): Html {
  return page({
    title,
    content: html`<h1>${title}</h1>
      ${content}`,
  })
}
