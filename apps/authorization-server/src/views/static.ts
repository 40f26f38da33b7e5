import type Koa from 'koa'
import type { RequestState } from '../context.ts'
import { html } from 'hono/html'
import { cloneNote } from './clone-note.ts'
import { messagePage } from './message.ts'
import { sendPage } from './page.ts'
import { loadConnectScript } from './browser-scripts.ts'
import { stylePath, styleSheet } from './style.ts'

/** Serves the style sheet, the one script and the front page. */
export function serveStatic(): Koa.Middleware<RequestState> {
  const script = loadConnectScript()
  return async (koa, next) => {
    if (koa.method !== 'GET' && koa.method !== 'HEAD') return next()
    if (koa.path === stylePath) {
      koa.set('Cache-Control', 'public, max-age=31536000, immutable')
      koa.type = 'text/css; charset=utf-8'
      koa.body = styleSheet
      return undefined
    }
    if (script !== undefined && koa.path === script.path) {
      koa.set('Cache-Control', 'public, max-age=31536000, immutable')
      koa.vary('Accept-Encoding')
      koa.type = 'text/javascript; charset=utf-8'
      const isCompressed = koa.acceptsEncodings('gzip', 'identity') === 'gzip'
      if (isCompressed) koa.set('Content-Encoding', 'gzip')
      koa.body = Buffer.from(isCompressed ? script.compressed : script.content)
      return undefined
    }
    if (koa.path === '/') return sendPage(koa, 200, frontPage())
    return next()
  }
}

const frontPage = () =>
  messagePage(
    'Holdfast is running',
    html`<p>
        This is an OAuth authorization server with a sealed vault for API credentials. Apps send you
        here when they ask for access.
      </p>
      <p>
        To manage it, use <code>holdfast login</code> and <code>holdfast --help</code> on the
        command line.
      </p>
      ${cloneNote()}`,
  )
