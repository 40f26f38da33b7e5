import { html } from 'hono/html'
import { stylePath } from './style.ts'

/** Escaped HTML. */
export type Html = ReturnType<typeof html>

export interface Page {
  readonly title: string
  readonly content: Html
  /** Where the browser goes by itself. */
  readonly refresh?: string | undefined
  /** The tag of the script of the one page that has one. */
  readonly script?: Html | undefined
}

/** The frame of every page: no script but the one given, one style sheet, one `h1` in `content`. */
export function page({ title, content, refresh, script }: Page): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        ${
          refresh === undefined
            ? ''
            : html`<meta http-equiv="refresh" content="0;url=${refresh}" />`
        }
        <title>${title} · Holdfast</title>
        <link rel="stylesheet" href="${stylePath}" />
        ${script ?? ''}
      </head>
      <body>
        <header><strong>Holdfast</strong></header>
        <main>${content}</main>
      </body>
    </html>`
}

/** The part of a Koa context that an answer needs. */
interface Answer {
  status: number
  type: string
  body: unknown
}

/** Answers with a page. */
export async function sendPage(answer: Answer, status: number, content: Html): Promise<void> {
  const text = (await content).toString()
  answer.status = status
  answer.type = 'text/html; charset=utf-8'
  answer.body = text
}
